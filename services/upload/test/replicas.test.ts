import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { CHUNK, createGround, type Ground, startUpload, type UploadNode } from './harness.js';
import { newFile } from './user.js';

describeWithPostgres('two processes on one database and store', () => {
  let ground: Ground;
  let one: UploadNode;
  let other: UploadNode;
  beforeAll(async () => {
    ground = await createGround();
    one = await startUpload({ ground });
    other = await startUpload({ ground });
  });
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await ground.remove();
  });

  it('receive the chunks of one file in turn', async () => {
    const user = one.user();
    const twin = other.user(user.id);
    const file = newFile(6500);
    const session = await user.open(file);
    for (let index = 0; index < 7; index += 1) {
      const bytes = file.bytes.subarray(index * CHUNK, (index + 1) * CHUNK);
      await (index % 3 === 1 ? twin : user).put(session.id, index * CHUNK, bytes);
    }
    const reply = await user.complete(session.id);
    expect(reply.status).toBe(200);
    expect(await one.bytesOf({ id: reply.body.photoId, userId: user.id })).toEqual(file.bytes);
  });

  it('complete a file at the same time with one result and one event', async () => {
    for (let round = 0; round < 5; round += 1) {
      const user = one.user();
      const twin = other.user(user.id);
      const session = await user.send(newFile());
      const replies = await Promise.all(
        [user, twin, user, twin].map((client) => client.complete(session.id)),
      );
      const done = replies.filter((reply) => reply.status === 200);
      // The store is made for one process; the one that comes second may have to try again.
      for (const reply of replies) expect([200, 503]).toContain(reply.status);
      const ids = new Set(done.map((reply) => reply.body.photoId));
      expect(ids.size).toBe(1);
      const again = await twin.complete(session.id);
      expect(again).toMatchObject({ status: 200, body: { photoId: [...ids][0] } });
      expect(await one.eventsOf(again.body.photoId)).toHaveLength(1);
    }
  });

  it('do not trust what they have hashed when another process has stored a chunk since', async () => {
    const user = one.user();
    const file = newFile(2500);
    const session = await user.send(file);
    const { rows } = await one.pool.query(
      'SELECT staging_id, storage_key FROM upload_sessions WHERE id = $1',
      [session.id],
    );
    const upload = { uploadId: rows[0].staging_id, key: rows[0].storage_key, size: 2500, partSize: CHUNK };
    const wrong = await other.store.writePart(upload, 1, Readable.from([Buffer.alloc(CHUNK, 1)]));
    await one.pool.query('UPDATE upload_chunks SET etag = $2 WHERE session_id = $1 AND index = 1', [
      session.id,
      wrong.etag,
    ]);
    expect(await user.complete(session.id)).toMatchObject({ status: 422, body: { code: 'hash_mismatch' } });
    expect(await one.keysOf(user.id)).toEqual([]);
  });

  it('see a chunk that another process has sent wrong', async () => {
    const user = one.user();
    const file = newFile(2500);
    const session = await user.open(file);
    await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
    await other.user(user.id).put(session.id, CHUNK, Buffer.alloc(CHUNK, 1));
    await user.put(session.id, 2 * CHUNK, file.bytes.subarray(2 * CHUNK));
    expect((await user.complete(session.id)).status).toBe(422);
  });
});
