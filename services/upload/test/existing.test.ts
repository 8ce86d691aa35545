import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { KnownPhotoState } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from './harness.js';
import { newFile, originalKey } from './user.js';

describeWithPostgres('announcing a file that the user has uploaded before', () => {
  let node: UploadNode;
  let away = false;
  beforeAll(async () => {
    node = await startUpload({
      catalog: {
        photoState: async (_userId, id) => {
          if (away) throw new ProblemError('service_unavailable');
          return node.catalog.states.get(id) ?? 'unknown';
        },
      },
    });
  });
  afterAll(() => node.stop());

  const uploaded = async (state: KnownPhotoState) => {
    const user = node.user();
    const file = newFile();
    const photo = await user.upload(file);
    node.catalog.states.set(photo.id, state);
    return { user, file, photo };
  };

  it.each([
    ['active', 'active'],
    ['trashed', 'trashed'],
    ['deleted', 'deleted'],
    // The event of the upload is still on its way.
    ['unknown', 'active'],
  ] as const)('responds with the photo: %s in the catalog is %s', async (known, photoState) => {
    const { user, file, photo } = await uploaded(known);
    const reply = await user.announce(file);
    expect(reply).toMatchObject({
      status: 200,
      body: {
        alreadyExists: true,
        photoId: photo.id,
        photoState,
        uploadSessionId: photo.sessionId,
        nextOffset: file.bytes.length,
      },
    });
    expect((await user.status(reply.body.uploadSessionId)).body).toMatchObject({
      status: 'completed',
      photoId: photo.id,
    });
    expect(node.catalog.states.get(photo.id)).toBe(known);
  });

  it('responds with 503 while its state is unknown; new files are accepted', async () => {
    const { user, file } = await uploaded('active');
    away = true;
    expect(await user.announce(file)).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    await user.upload(newFile());
    away = false;
    expect((await user.announce(file)).status).toBe(200);
  });

  it('brings it back from the trash when asked to', async () => {
    const { user, file, photo } = await uploaded('trashed');
    const reply = await user.announce(file, { restore: true });
    expect(reply.body).toMatchObject({ alreadyExists: true, photoId: photo.id, photoState: 'active' });
    expect(node.catalog.states.get(photo.id)).toBe('active');
  });

  it('requests the bytes if they are gone and the photo is to be restored; it becomes a new photo', async () => {
    const { user, file, photo } = await uploaded('active');
    node.catalog.states.set(photo.id, 'deleted');
    await node.purge(photo);
    expect(await node.keysOf(user.id)).toEqual([]);
    expect((await user.announce(file)).body).toMatchObject({ alreadyExists: true, photoState: 'deleted' });

    const reply = await user.announce(file, { restore: true });
    expect(reply.body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    const again = await user.upload(file, { restore: true });
    expect(again.sessionId).toBe(reply.body.uploadSessionId);
    expect(again.id).not.toBe(photo.id);
    expect(await node.bytesOf(again)).toEqual(file.bytes);
    expect(await node.eventsOf(again.id)).toHaveLength(1);
    expect((await user.announce(file)).body).toMatchObject({
      alreadyExists: true,
      photoId: again.id,
      photoState: 'active',
    });
  });

  it('keeps the new bytes when the event of the old purge comes late, or again', async () => {
    const { user, file, photo } = await uploaded('deleted');
    // The catalog has purged it; the event has not arrived.
    const again = await user.upload(file, { restore: true });
    expect(again.id).not.toBe(photo.id);
    for (let delivery = 0; delivery < 2; delivery += 1) {
      await node.purge(photo);
      expect(await node.keysOf(user.id)).toEqual([originalKey(again)]);
      expect(await node.bytesOf(again)).toEqual(file.bytes);
      expect((await user.announce(file)).body).toMatchObject({ photoId: again.id, photoState: 'active' });
    }
  });

  it('may purge and bring back again and again', async () => {
    const { user, file, photo } = await uploaded('active');
    const ids = new Set([photo.id]);
    let last = photo;
    for (let round = 0; round < 3; round += 1) {
      node.catalog.states.set(last.id, 'deleted');
      await node.purge(last);
      last = await user.upload(file, { restore: true });
      ids.add(last.id);
    }
    expect(ids.size).toBe(4);
    expect(await node.keysOf(user.id)).toEqual([originalKey(last)]);
  });

  it('two sessions for one hash end in one photo, and nothing of the second one is left', async () => {
    const user = node.user();
    const file = newFile();
    const first = await user.send(file);
    // As when the second announcement has looked for the photo just before the first upload completed.
    await node.pool.query('UPDATE upload_sessions SET open_key = NULL WHERE id = $1', [first.id]);
    const second = await user.send(file);
    const photo = (await user.complete(first.id)).body.photoId;
    expect((await user.complete(second.id)).body).toEqual({ photoId: photo });
    expect((await user.complete(second.id)).body).toEqual({ photoId: photo });
    expect(await node.keysOf(user.id)).toEqual([originalKey({ id: photo, userId: user.id })]);
    expect(await node.eventsOf(photo)).toHaveLength(1);
    await node.service.expire();
    expect(await node.bytesOf({ id: photo, userId: user.id })).toEqual(file.bytes);
  });
});
