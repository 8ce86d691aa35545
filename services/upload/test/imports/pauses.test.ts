import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { StorageFullError } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { createGround, type Ground, startUpload, type UploadNode } from '../harness.js';
import type { User } from '../user.js';
import { ended, photo, sendArchive, startImport, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';
const MINUTE_MS = 60_000;

const threePhotos = () =>
  zipOf({ [`${YEAR}/a.jpg`]: photo('a'), [`${YEAR}/b.jpg`]: photo('b'), [`${YEAR}/c.jpg`]: photo('c') });

const photos = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${YEAR}/${at}.jpg`, photo(`number ${at}`)]));

/** Stops what passes through it until it is opened. */
function createGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    passing:
      <T>(value: T) =>
      async (): Promise<T> => {
        reached.resolve();
        await opened.promise;
        return value;
      },
  };
}

/** Waits until an import is paused for this reason. */
const pausedFor = (user: User, id: string, reason: string) =>
  eventually(async () => {
    const { body } = await user.call(`/imports/${id}`);
    expect(body.paused?.reason).toBe(reason);
    return body;
  });

describeWithPostgres('an import that has to wait', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(() => ground.remove());

  let node: UploadNode;
  /** Starts an upload service; the test stops it. */
  const start = async (given: Omit<Parameters<typeof startUpload>[0] & object, 'ground'>) => {
    node = await startUpload({ ground, ...given });
    return node;
  };

  it('is paused while the catalog is away, and continues without a request', async () => {
    let isAway = true;
    await start({
      catalog: {
        describeImported: async () => {
          if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
          return { unknown: [] };
        },
      },
    });
    const user = node.user();
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await threePhotos()),
    });
    const paused = await pausedFor(user, id, 'service_unavailable');
    expect(paused).toMatchObject({ status: 'running', waiting: 3, imported: 0, finishedAt: null });
    isAway = false;
    node.advance(MINUTE_MS);
    expect(await ended(user, id)).toMatchObject({
      status: 'completed',
      imported: 3,
      duplicates: 0,
    });
    await node.stop();
  });

  it('is paused when the store is full, and loses nothing', async () => {
    let isFull = false;
    const decorate = (store: ObjectStore): ObjectStore => ({
      ...store,
      writePart: (...args) => {
        if (isFull) throw new StorageFullError('full');
        return store.writePart(...args);
      },
    });
    await start({ decorate });
    const user = node.user();
    const hash = await sendArchive(user, await threePhotos());
    isFull = true;
    const id = await startImport(user, { source: 'takeout', hash });
    expect(await pausedFor(user, id, 'storage_full')).toMatchObject({
      status: 'running',
      failed: 0,
      waiting: 3,
    });
    isFull = false;
    expect((await user.call(`/imports/${id}/resume`, { method: 'POST' })).body).not.toHaveProperty('paused');
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 3, failed: 0 });
    await node.stop();
  });

  it('is paused before it begins when its photos do not fit, and says what is missing', async () => {
    let free = 3_000_000_000;
    const decorate = (store: ObjectStore) => ({ ...store, diskSpace: async () => ({ free, total: 4e9 }) });
    await start({ decorate, settings: { importReserveBytes: 3_000_000_000 } });
    const user = node.user();
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await threePhotos()),
    });
    const { paused } = await pausedFor(user, id, 'storage_full');
    expect(paused.message).toMatch(/has 3\.0 GB free, and 3\.0 GB are kept free/);
    free = 4_000_000_000;
    node.advance(MINUTE_MS);
    expect(await ended(user, id)).toMatchObject({ imported: 3 });

    // The same photos once more need no room.
    free = 3_000_010_000;
    const [{ hash }] = (await node.pool.query('SELECT hash FROM archives WHERE user_id = $1', [user.id]))
      .rows;
    expect(await ended(user, await startImport(user, { source: 'takeout', hash }))).toMatchObject({
      duplicates: 3,
    });
    await node.stop();
  });

  it('waits until its user resumes it, and does not hold up others', async () => {
    const gate = createGate();
    await start({ catalog: { describeImported: gate.passing({ unknown: [] }) } });
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(photos(20)));
    const id = await startImport(user, { source: 'takeout', hash });
    await gate.reached;
    const { body } = await user.call(`/imports/${id}/pause`, { method: 'POST' });
    expect(body).toMatchObject({ status: 'running', paused: { reason: 'user' } });
    gate.open();
    const other = node.user();
    const otherHash = await sendArchive(other, await threePhotos());
    await ended(other, await startImport(other, { source: 'takeout', hash: otherHash }));
    node.advance(MINUTE_MS);
    expect((await user.call(`/imports/${id}`)).body).toMatchObject({
      paused: { reason: 'user' },
      waiting: 4,
    });
    expect((await user.call(`/imports/${id}/resume`, { method: 'POST' })).body).not.toHaveProperty('paused');
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 20 });
    const late = await user.call(`/imports/${id}/pause`, { method: 'POST' });
    expect([late.status, late.body.code]).toEqual([409, 'import_ended']);
    await node.stop();
  });

  it('keeps what it has imported when it is cancelled', async () => {
    const gate = createGate();
    await start({ catalog: { describeImported: gate.passing({ unknown: [] }) } });
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(photos(20)));
    const id = await startImport(user, { source: 'takeout', hash });
    await gate.reached;
    expect((await user.call(`/imports/${id}`, { method: 'DELETE' })).status).toBe(204);
    gate.open();
    await eventually(async () => {
      const { body } = await user.call(`/imports/${id}`);
      expect(body).toMatchObject({ status: 'cancelled', imported: 16, waiting: 4, total: 20 });
    });
    expect((await user.call(`/imports/${id}`, { method: 'DELETE' })).status).toBe(204);
    await node.stop();
  });
});
