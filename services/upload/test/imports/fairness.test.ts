import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { ClientActivity } from '../../src/client-activity.js';
import { createGround, type Ground, startUpload } from '../harness.js';
import { ended, originalsOf, photo, sendArchive, startImport, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';
const never = new AbortController().signal;

it('an import waits for uploads of clients, but not for ever', async () => {
  let now = 0;
  const clients = new ClientActivity(() => now);
  await clients.waitUntilQuiet(never);

  const upload = Promise.withResolvers<void>();
  const during = clients.during(() => upload.promise);
  const order: string[] = [];
  const waiting = clients.waitUntilQuiet(never).then(() => order.push('import'));
  now = 4_900;
  upload.resolve(order.push('upload') as never);
  await during;
  now = 5_000;
  await waiting;
  expect(order).toEqual(['upload', 'import']);

  const endless = Promise.withResolvers<void>();
  void clients.during(() => endless.promise);
  const waitingLong = clients.waitUntilQuiet(never);
  now = 11_000;
  await waitingLong;

  const stop = new AbortController();
  const stopped = clients.waitUntilQuiet(stop.signal);
  stop.abort();
  await expect(stopped).rejects.toThrow(/abort/i);
  endless.resolve();
});

it('a preview waits while a client uploads, but not for long', async () => {
  let now = 0;
  const clients = new ClientActivity(() => now);
  await clients.waitUntilIdle(never, 500);
  const upload = Promise.withResolvers<void>();
  const during = clients.during(() => upload.promise);
  const order: string[] = [];
  const waiting = clients.waitUntilIdle(never, 500).then(() => order.push('preview'));
  now = 400;
  upload.resolve(order.push('upload') as never);
  await during;
  await waiting;
  expect(order).toEqual(['upload', 'preview']);

  const endless = Promise.withResolvers<void>();
  void clients.during(() => endless.promise);
  const waitingLong = clients.waitUntilIdle(never, 500);
  now = 900;
  await waitingLong;
  const stop = new AbortController();
  const stopped = clients.waitUntilIdle(stop.signal, 500);
  stop.abort();
  await expect(stopped).rejects.toThrow(/abort/i);
  endless.resolve();
});

describeWithPostgres('imports beside each other', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(() => ground.remove());

  const photos = (who: string, count: number) =>
    zipOf(
      Object.fromEntries(
        Array.from({ length: count }, (_, at) => [`${YEAR}/${at}.jpg`, photo(`${who} ${at}`)]),
      ),
    );

  it('are worked on by several processes, each import by one at a time', async () => {
    const nodes = [await startUpload({ ground }), await startUpload({ ground })];
    const [first] = nodes;
    if (!first) throw new Error('no node');
    const users = [first.user(), first.user(), first.user()];
    const jobs = await Promise.all(
      users.map(async (user) => {
        const hash = await sendArchive(user, await photos(user.id, 20));
        return ended(user, await startImport(user, { source: 'takeout', hash }));
      }),
    );
    for (const job of jobs) expect(job).toMatchObject({ status: 'completed', imported: 20, duplicates: 0 });
    for (const user of users) expect(await originalsOf(first, user)).toHaveLength(20);
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it('end the same way when the connection that holds their lock is lost', async () => {
    const nodes = [await startUpload({ ground }), await startUpload({ ground })];
    const [node] = nodes;
    if (!node) throw new Error('no node');
    const user = node.user();
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await photos('lost', 40)),
    });
    let cut = 0;
    const job = await eventually(async () => {
      const { body } = await user.call(`/imports/${id}`);
      const { rowCount } = await node.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND $1::int < 3`,
        [cut],
      );
      cut += rowCount ?? 0;
      node.advance(60_000);
      expect(body.status).toBe('completed');
      return body;
    });
    expect(cut).toBeGreaterThan(0);
    expect(job).toMatchObject({ total: 40, imported: 40, duplicates: 0, failed: 0, waiting: 0 });
    expect(await originalsOf(node, user)).toHaveLength(40);
    await Promise.all(nodes.map((each) => each.stop()));
  });

  it('of one user come one after the other', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const node = await startUpload({
      ground,
      catalog: {
        describeImported: async () => {
          reached.resolve();
          await gate.promise;
          return { unknown: [] };
        },
      },
    });
    const user = node.user();
    const first = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await photos('a', 2)),
    });
    await reached.promise;
    const second = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await photos('b', 2)),
    });
    expect((await user.call(`/imports/${second}`)).body).toMatchObject({
      status: 'pending',
      startedAt: null,
    });
    gate.resolve();
    await eventually(async () => {
      const states = await Promise.all(
        [first, second].map(async (id) => (await user.call(`/imports/${id}`)).body),
      );
      if (states[0].status !== 'completed') expect(states[1].status).toBe('pending');
      expect(states.map(({ status }) => status)).toEqual(['completed', 'completed']);
    });
    await node.stop();
  });
});
