import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ObjectStore, StorageFullError, StorageUnavailableError } from '@lazyphotos/object-storage';
import { describeWithPostgres, refuseWrites } from '@lazyphotos/testkit';
import { CHUNK, createGround, type Ground, startUpload, type UploadNode } from './harness.js';
import { newFile, sha256 } from './user.js';

type Method = 'beginUpload' | 'writePart' | 'completeUpload' | 'abortUpload' | 'get' | 'delete';

const pulledOut = new StorageUnavailableError('pulled out');

/** A store whose next call of a method fails: before anything is done, or after all of it. */
function createFaultyStore() {
  const faults = new Map<Method, { error: Error; after: boolean }>();
  const faulty = <A extends unknown[], R>(method: Method, call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const fault = faults.get(method);
      faults.delete(method);
      if (fault && !fault.after) throw fault.error;
      const result = await call(...args);
      if (fault) throw fault.error;
      return result;
    };
  };
  const decorate = (store: ObjectStore): ObjectStore => ({
    ...store,
    beginUpload: faulty('beginUpload', store.beginUpload),
    writePart: faulty('writePart', store.writePart),
    completeUpload: faulty('completeUpload', store.completeUpload),
    abortUpload: faulty('abortUpload', store.abortUpload),
    get: faulty('get', store.get),
    delete: faulty('delete', store.delete),
  });
  const failNext = (
    method: Method,
    { after = false, error = pulledOut }: { after?: boolean; error?: Error } = {},
  ) => {
    faults.set(method, { error, after });
  };
  return { decorate, failNext, faults };
}

describeWithPostgres('a database that refuses to complete a file', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  const countIn = async (table: 'outbox_messages' | 'originals', column: string, value: string) => {
    const { rows } = await node.pool.query(
      `SELECT count(*)::int AS count FROM ${table} WHERE ${column} = $1`,
      [value],
    );
    return rows[0].count;
  };

  it.each([
    { table: 'outbox_messages', at: 'statement' },
    { table: 'outbox_messages', at: 'commit' },
    { table: 'originals', at: 'statement' },
    { table: 'originals', at: 'commit' },
  ] as const)(
    'by $table, in its $at, has neither the photo nor its event, until a repeat',
    async (refused) => {
      const user = node.user();
      const file = newFile();
      const session = await user.send(file);
      const reply = await refuseWrites(node.pool, refused, () => user.complete(session.id));
      expect(reply.status).toBeGreaterThanOrEqual(500);
      expect((await user.status(session.id)).body.status).toBe('open');
      expect(await countIn('originals', 'user_id::text', user.id)).toBe(0);
      expect(await countIn('outbox_messages', "payload ->> 'userId'", user.id)).toBe(0);
      const { status, body } = await user.complete(session.id);
      expect(status).toBe(200);
      expect(await node.bytesOf({ id: body.photoId, userId: user.id })).toEqual(file.bytes);
      expect(await node.eventsOf(body.photoId)).toHaveLength(1);
    },
  );
});

describeWithPostgres('faults of the store', () => {
  const faulty = createFaultyStore();
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload({ decorate: faulty.decorate });
  });
  beforeEach(() => faulty.faults.clear());
  afterAll(() => node.stop());

  describe.each(['beginUpload', 'writePart'] as const)('in %s', (method) => {
    it.each([
      [507, 'storage_full', new StorageFullError('no room')],
      [503, 'service_unavailable', pulledOut],
    ])('answer %d %s, and the chunk may be sent again', async (status, code, error) => {
      const user = node.user();
      const file = newFile();
      const session = await user.open(file);
      faulty.failNext(method, { error });
      const reply = await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
      expect(reply).toMatchObject({ status, body: { code } });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await user.status(session.id)).body.received).toEqual([]);
      await user.sendAll(session, file);
      expect((await user.complete(session.id)).status).toBe(200);
    });
  });

  it.each([
    ['completeUpload', false],
    ['completeUpload', true],
    ['get', false],
  ] as const)('in %s (done: %s) answer 503, and a repeated complete succeeds', async (method, after) => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    // Out of order, so that the file has to be read.
    for (const index of [3, 2, 1, 0]) {
      await user.put(session.id, index * CHUNK, file.bytes.subarray(index * CHUNK, (index + 1) * CHUNK));
    }
    faulty.failNext(method, { after });
    expect(await user.complete(session.id)).toMatchObject({
      status: 503,
      body: { code: 'service_unavailable' },
    });
    const reply = await user.complete(session.id);
    expect(reply.status).toBe(200);
    const photo = { id: reply.body.photoId, userId: user.id };
    expect(await node.bytesOf(photo)).toEqual(file.bytes);
    expect(await node.eventsOf(photo.id)).toHaveLength(1);
  });

  it('responds with storage_full when there is no room to assemble the file', async () => {
    const user = node.user();
    const session = await user.send(newFile());
    faulty.failNext('completeUpload', { error: new StorageFullError('no room') });
    expect(await user.complete(session.id)).toMatchObject({ status: 507, body: { code: 'storage_full' } });
    expect((await user.complete(session.id)).status).toBe(200);
  });

  it.each(['delete', 'abortUpload'] as const)(
    'in %s leave a refused file to the next clean-up',
    async (method) => {
      const user = node.user();
      const session = await user.send({ ...newFile(), hash: sha256(Buffer.from('another')) });
      faulty.failNext(method);
      expect((await user.complete(session.id)).status).toBe(422);
      await node.service.expire();
      expect(await node.keysOf(user.id)).toEqual([]);
      expect((await user.complete(session.id)).body.code).toBe('upload_ended');
    },
  );

  it('ends a session whose parts are gone, so that the file can be announced again', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.send(file);
    const { rows } = await node.pool.query(
      'SELECT staging_id, storage_key FROM upload_sessions WHERE id = $1',
      [session.id],
    );
    await node.store.abortUpload({ uploadId: rows[0].staging_id, key: rows[0].storage_key });
    expect(await user.complete(session.id)).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
    const photo = await user.upload(file);
    expect(await node.bytesOf(photo)).toEqual(file.bytes);
  });

  it('ends a session whose staging is gone also when a chunk comes', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
    const { rows } = await node.pool.query(
      'SELECT staging_id, storage_key FROM upload_sessions WHERE id = $1',
      [session.id],
    );
    await node.store.abortUpload({ uploadId: rows[0].staging_id, key: rows[0].storage_key });
    const reply = await user.put(session.id, CHUNK, file.bytes.subarray(CHUNK, 2 * CHUNK));
    expect(reply).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
    expect(await node.bytesOf(await user.upload(file))).toEqual(file.bytes);
  });
});

describeWithPostgres('a process that is killed', () => {
  let ground: Ground;
  let successor: UploadNode;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(async () => {
    await ground.remove();
  });

  /** What a process did before it died; its memory, locks and connections play no part afterwards. */
  const diesAfter = async <T>(
    work: (node: UploadNode) => Promise<T>,
    given: Parameters<typeof startUpload>[0] = {},
  ) => {
    const node = await startUpload({ ...given, ground });
    const result = await work(node);
    await node.stop();
    successor = await startUpload({ ground });
    return result;
  };

  it('with all chunks received: the next one completes', async () => {
    const file = newFile();
    const { userId, sessionId } = await diesAfter(async (node) => {
      const user = node.user();
      return { userId: user.id, sessionId: (await user.send(file)).id };
    });
    const reply = await successor.user(userId).complete(sessionId);
    expect(reply.status).toBe(200);
    expect(await successor.bytesOf({ id: reply.body.photoId, userId })).toEqual(file.bytes);
    expect(await successor.eventsOf(reply.body.photoId)).toHaveLength(1);
    await successor.stop();
  });

  it.each(['completeUpload', 'get'] as const)(
    'between assembling and recording (%s): the next one completes',
    async (method) => {
      const faulty = createFaultyStore();
      const file = newFile();
      const { userId, sessionId } = await diesAfter(
        async (node) => {
          const user = node.user();
          const session = await user.send(file);
          faulty.failNext(method, { after: true });
          expect((await user.complete(session.id)).status).toBe(503);
          return { userId: user.id, sessionId: session.id };
        },
        { decorate: faulty.decorate },
      );
      const reply = await successor.user(userId).complete(sessionId);
      expect(reply.status).toBe(200);
      expect(await successor.bytesOf({ id: reply.body.photoId, userId })).toEqual(file.bytes);
      expect(await successor.eventsOf(reply.body.photoId)).toHaveLength(1);
      await successor.stop();
    },
  );

  it('after recording, before the catalog knew it: the repeated request announces it', async () => {
    const recordUpload = () => Promise.reject(new Error('killed'));
    const photo = await diesAfter(async (node) => node.user().upload(newFile()), {
      catalog: { recordUpload },
    });
    const reply = await successor.user(photo.userId).complete(photo.sessionId);
    expect(reply).toMatchObject({ status: 200, body: { photoId: photo.id } });
    const [event] = await successor.eventsOf(photo.id);
    expect(successor.catalog.recorded).toEqual([event?.payload]);
    await successor.stop();
  });

  it('with an event in the outbox: the next one publishes it', async () => {
    const photo = await diesAfter(async (node) => {
      const done = await node.user().upload(newFile());
      await node.eventsOf(done.id);
      return done;
    });
    const payload = { ...(await successor.eventsOf(photo.id))[0]?.payload };
    await successor.pool.query(
      `INSERT INTO outbox_messages (id, type, occurred_at, payload) VALUES (gen_random_uuid(), 'upload.completed', now(), $1)`,
      [JSON.stringify({ ...payload, photoId: photo.sessionId })],
    );
    expect(await successor.eventsOf(photo.sessionId)).toHaveLength(1);
    await successor.stop();
  });
});
