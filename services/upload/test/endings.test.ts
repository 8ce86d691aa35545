import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, waitForLocks } from '@lazyphotos/testkit';
import { CHUNK, HOUR_MS, startUpload, type UploadNode } from './harness.js';
import { newFile, originalKey } from './user.js';

describeWithPostgres('the end of a session', () => {
  let node: UploadNode;
  let unremovable: string | undefined;
  beforeAll(async () => {
    node = await startUpload({
      decorate: (store) => ({
        ...store,
        abortUpload: async (upload) => {
          if (upload.key === unremovable) throw new StorageUnavailableError('cannot be removed');
          await store.abortUpload(upload);
        },
      }),
    });
  });
  afterAll(() => node.stop());

  const storageKeyOf = async (sessionId: string): Promise<string> => {
    const { rows } = await node.pool.query('SELECT storage_key FROM upload_sessions WHERE id = $1', [
      sessionId,
    ]);
    return rows[0].storage_key;
  };

  describe('by the user', () => {
    it.each([0, 2])('leaves nothing of %d chunks, and may be repeated', async (chunks) => {
      const user = node.user();
      const staged = await node.ground.stagedUploads();
      const file = newFile();
      const session = await user.open(file);
      for (let index = 0; index < chunks; index += 1) {
        await user.put(session.id, index * CHUNK, file.bytes.subarray(index * CHUNK, (index + 1) * CHUNK));
      }
      for (let n = 0; n < 3; n += 1) expect((await user.abort(session.id)).status).toBe(204);
      expect(await node.ground.stagedUploads()).toEqual(staged);
      expect((await user.status(session.id)).body.status).toBe('aborted');
      expect((await user.complete(session.id)).body.code).toBe('upload_ended');
      expect((await user.announce(file)).body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    });

    it('is finished by a repeat when the store failed in the middle', async () => {
      const user = node.user();
      const session = await user.send(newFile());
      const staged = await node.ground.stagedUploads();
      unremovable = await storageKeyOf(session.id);
      expect((await user.abort(session.id)).status).toBe(503);
      expect(await node.ground.stagedUploads()).toEqual(staged);
      unremovable = undefined;
      expect((await user.abort(session.id)).status).toBe(204);
      expect(await node.ground.stagedUploads()).toHaveLength(staged.length - 1);
    });

    it('comes too late once the photo is stored', async () => {
      const user = node.user();
      const file = newFile();
      const photo = await user.upload(file);
      expect(await user.abort(photo.sessionId)).toMatchObject({
        status: 409,
        body: { code: 'upload_ended' },
      });
      expect(await node.bytesOf(photo)).toEqual(file.bytes);
    });

    it('does not take away a photo that is being recorded', async () => {
      const user = node.user();
      const file = newFile();
      const session = await user.send(file);
      const client = await node.pool.connect();
      await client.query('BEGIN');
      // Holds up the statement that records the photo after it has closed the session: the unique key waits for this row's fate.
      await client.query(
        `INSERT INTO originals (photo_id, user_id, hash, session_id, storage_key, size_bytes)
        VALUES ($1, $2, $3, $1, '', 1)`,
        [newId(), user.id, file.hash],
      );
      const completing = user.complete(session.id);
      await waitForLocks(node.pool, 1);
      const aborting = user.abort(session.id);
      await waitForLocks(node.pool, 2);
      await client.query('ROLLBACK');
      client.release();
      const [completed, aborted] = await Promise.all([completing, aborting]);
      expect(completed.status).toBe(200);
      expect(aborted).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
      expect(await node.bytesOf({ id: completed.body.photoId, userId: user.id })).toEqual(file.bytes);
    });

    it('and its completion at the same time: either the photo or nothing', async () => {
      const outcomes = new Set<number>();
      for (let round = 0; round < 30; round += 1) {
        const user = node.user();
        const file = newFile();
        const session = await user.send(file);
        const [completed, aborted] = await Promise.all([user.complete(session.id), user.abort(session.id)]);
        outcomes.add(completed.status);
        if (completed.status === 200) {
          expect(aborted.status).toBe(409);
          expect(await node.bytesOf({ id: completed.body.photoId, userId: user.id })).toEqual(file.bytes);
        } else {
          expect(completed).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
          expect(aborted.status).toBe(204);
          expect(await node.keysOf(user.id)).toEqual([]);
        }
      }
      expect(outcomes.size).toBeGreaterThan(0);
    });
  });

  describe('by time', () => {
    it('removes what was staged, and keeps what is still going on or done', async () => {
      const user = node.user();
      const staged = await node.ground.stagedUploads();
      const [late, done] = [newFile(), newFile()];
      const overdue = await user.send(late);
      const photo = await user.upload(done);
      node.advance(23 * HOUR_MS);
      const young = await user.send(newFile());
      node.advance(2 * HOUR_MS);
      expect(await node.service.expire()).toBeGreaterThanOrEqual(1);
      expect(await node.ground.stagedUploads()).toHaveLength(staged.length + 1);
      expect((await user.status(overdue.id)).body.status).toBe('expired');
      expect((await user.complete(overdue.id)).body).toMatchObject({
        code: 'upload_ended',
        uploadStatus: 'expired',
      });
      expect((await user.complete(young.id)).status).toBe(200);
      expect(await node.bytesOf(photo)).toEqual(done.bytes);
      expect((await user.announce(late)).body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    });

    it('tries again what could not be removed, and does not let it hold up the rest', async () => {
      const user = node.user();
      const staged = await node.ground.stagedUploads();
      const stuck = await user.send(newFile());
      for (let n = 0; n < 3; n += 1) await user.send(newFile());
      unremovable = await storageKeyOf(stuck.id);
      node.advance(25 * HOUR_MS);
      await node.service.expire();
      expect(await node.ground.stagedUploads()).toHaveLength(staged.length + 1);
      unremovable = undefined;
      await node.service.expire();
      expect(await node.ground.stagedUploads()).toHaveLength(staged.length);
    });

    it('forgets the session itself after a month', async () => {
      const user = node.user();
      const session = await user.send(newFile());
      const photo = await user.upload(newFile());
      node.advance(25 * HOUR_MS);
      await node.service.expire();
      expect((await user.status(session.id)).status).toBe(200);
      node.advance(31 * 24 * HOUR_MS);
      await node.service.expire();
      expect((await user.status(session.id)).status).toBe(404);
      expect((await user.complete(photo.sessionId)).body).toEqual({ photoId: photo.id });
    });
  });

  describe('of a photo, when it is purged', () => {
    it('deletes the original and remembers the hash', async () => {
      const user = node.user();
      const [file, other] = [newFile(), newFile()];
      const photo = await user.upload(file);
      const kept = await user.upload(other);
      for (let delivery = 0; delivery < 2; delivery += 1) {
        await node.purge(photo);
        expect(await node.keysOf(user.id)).toEqual([originalKey(kept)]);
        expect((await user.announce(file)).body).toMatchObject({
          alreadyExists: true,
          photoId: photo.id,
          photoState: 'deleted',
        });
      }
    });

    it('does no harm for one that is not known here', async () => {
      await node.purge({ id: newId(), userId: newId() });
      expect(await node.ground.bus.deadLetters('upload.photo', 10)).toEqual([]);
    });

    it('deletes its own original and no other object, whatever key the event has', async () => {
      const [user, victim] = [node.user(), node.user()];
      const photo = await user.upload(newFile());
      const other = await victim.upload(newFile());
      node.ground.events.purged.add(photo.id);
      await node.forgePurge(user.id, photo.id, originalKey(other));
      expect(await node.keysOf(victim.id)).toEqual([originalKey(other)]);
      expect(await node.keysOf(user.id)).toEqual([]);
    });
  });

  describe('of a photo whose purge somebody else announces', () => {
    const refused = async () =>
      Number(
        /^lazyphotos_events_refused_total\{service="upload",type="photo.purged"\} (\d+)$/m.exec(
          await node.metric('lazyphotos_events_refused_total'),
        )?.[1] ?? 0,
      );

    it('keeps the original of a photo that the catalog has, or has purged for another user', async () => {
      const [user, stranger] = [node.user(), node.user()];
      const file = newFile();
      const photo = await user.upload(file);
      const before = await refused();
      await node.forgePurge(user.id, photo.id);
      await node.forgePurge(stranger.id, photo.id, originalKey(photo));
      await node.forgePurge(user.id, newId(), originalKey(photo));
      expect(await refused()).toBe(before + 3);
      expect(await node.bytesOf(photo)).toEqual(file.bytes);
      expect((await user.announce(file)).body).toMatchObject({ photoId: photo.id, photoState: 'active' });
      expect(await node.ground.bus.deadLetters('upload.photo', 10)).toEqual([]);
    });
  });
});
