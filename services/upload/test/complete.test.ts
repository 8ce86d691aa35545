import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemError } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { CHUNK, startUpload, type UploadNode } from './harness.js';
import { fileOf, newFile, originalKey, sha256 } from './user.js';

describeWithPostgres('completing an upload', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('stores the file byte for byte, and shows it to the catalog before the response', async () => {
    const user = node.user();
    const file = newFile(12_345);
    const photo = await user.upload(file);
    expect(await node.bytesOf(photo)).toEqual(file.bytes);
    const recorded = node.catalog.recorded.filter((upload) => upload.photoId === photo.id);
    expect(recorded).toHaveLength(1);
    const events = await node.eventsOf(photo.id);
    expect(events.map((event) => event.payload)).toEqual(recorded);
    expect(events[0]).toMatchObject({
      type: 'upload.completed',
      payload: { storageKey: originalKey(photo), hash: file.hash },
    });
  });

  it('hands the id of the request on with the event', async () => {
    const user = node.user();
    const session = await user.send(newFile());
    const { body } = await user.call(`/upload-sessions/${session.id}/complete`, {
      json: {},
      headers: { 'x-request-id': 'complete-1' },
    });
    expect((await node.eventsOf(body.photoId))[0]?.requestId).toBe('complete-1');
  });

  it('wants no body, and ignores a storageKey', async () => {
    const user = node.user();
    for (const options of [{ method: 'POST' }, { json: { storageKey: 'originals/somebody/else' } }]) {
      const session = await user.send(newFile());
      const reply = await user.call(`/upload-sessions/${session.id}/complete`, options);
      expect(reply.status).toBe(200);
      expect(await node.keysOf(user.id)).toContain(originalKey({ id: reply.body.photoId, userId: user.id }));
    }
  });

  it('says what is missing', async () => {
    const user = node.user();
    const file = newFile(5500);
    const session = await user.open(file);
    await user.put(session.id, CHUNK, file.bytes.subarray(CHUNK, 2 * CHUNK));
    const reply = await user.complete(session.id);
    expect(reply).toMatchObject({
      status: 409,
      body: {
        code: 'upload_incomplete',
        nextOffset: 0,
        missing: [
          { offset: 0, length: CHUNK },
          { offset: 2 * CHUNK, length: 3500 },
        ],
      },
    });
    await user.sendAll(session, file);
    expect((await user.complete(session.id)).status).toBe(200);
  });

  it('returns the same for every repeat', async () => {
    const user = node.user();
    const photo = await user.upload(newFile());
    for (let n = 0; n < 3; n += 1) {
      expect(await user.complete(photo.sessionId)).toMatchObject({
        status: 200,
        body: { photoId: photo.id },
      });
    }
    expect(await node.eventsOf(photo.id)).toHaveLength(1);
    expect(await node.keysOf(user.id)).toEqual([originalKey(photo)]);
  });

  it('returns the same to twenty requests at once, and publishes one event', async () => {
    const user = node.user();
    const session = await user.send(newFile());
    const replies = await Promise.all(Array.from({ length: 20 }, () => user.complete(session.id)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(20).fill(200));
    const ids = new Set(replies.map((reply) => reply.body.photoId));
    expect(ids.size).toBe(1);
    expect(await node.eventsOf(replies[0]?.body.photoId)).toHaveLength(1);
  });

  it('leaves neither chunks nor parts behind', async () => {
    const user = node.user();
    const staged = await node.ground.stagedUploads();
    const photo = await user.upload(newFile());
    expect(await node.ground.stagedUploads()).toEqual(staged);
    const { rows } = await node.pool.query('SELECT * FROM upload_chunks WHERE session_id = $1', [
      photo.sessionId,
    ]);
    expect(rows).toEqual([]);
  });

  describe('of a file that is not the announced one', () => {
    it.each([
      ['in order', [0, 1, 2, 3]],
      ['out of order', [3, 1, 2, 0]],
    ])('is refused, leaves nothing, and ends the session: %s', async (_name, order) => {
      const user = node.user();
      const file = newFile();
      const other = Buffer.from(file.bytes);
      other.writeUInt8(other.readUInt8(3400) ^ 1, 3400);
      const session = await user.open(file);
      for (const index of order) {
        await user.put(session.id, index * CHUNK, other.subarray(index * CHUNK, (index + 1) * CHUNK));
      }
      expect(await user.complete(session.id)).toMatchObject({ status: 422, body: { code: 'hash_mismatch' } });
      expect(await node.keysOf(user.id)).toEqual([]);
      expect((await user.status(session.id)).body.status).toBe('failed');
      expect(await user.complete(session.id)).toMatchObject({
        status: 409,
        body: { code: 'upload_ended', uploadStatus: 'failed', failureCode: 'hash_mismatch' },
      });
      const photo = await user.upload(file);
      expect(photo.sessionId).not.toBe(session.id);
      expect(await node.bytesOf(photo)).toEqual(file.bytes);
    });

    it('does not remember the hash', async () => {
      const user = node.user();
      const session = await user.send({ ...newFile(), hash: sha256(Buffer.from('another')) });
      await user.complete(session.id);
      expect(
        (await user.announce({ ...newFile(), hash: sha256(Buffer.from('another')) })).body.alreadyExists,
      ).toBe(false);
    });
  });

  it.each([
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['text', 'just a text, nothing that anybody would recognise'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['zeros', '\0'.repeat(3000)],
  ])('refuses %s that calls itself a JPEG', async (_name, content) => {
    const user = node.user();
    const session = await user.send(fileOf(Buffer.from(content)));
    const reply = await user.complete(session.id);
    expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(await node.keysOf(user.id)).toEqual([]);
    expect((await user.status(session.id)).body.status).toBe('failed');
  });

  it('refuses a JPEG that calls itself a PNG', async () => {
    const user = node.user();
    const session = await user.send({ ...newFile(), mimeType: 'image/png' });
    expect((await user.complete(session.id)).status).toBe(415);
    expect(await node.keysOf(user.id)).toEqual([]);
  });
});

describeWithPostgres('completing an upload while the catalog is away', () => {
  it('succeeds, and the event goes out', async () => {
    const recordUpload = () =>
      Promise.reject(new ProblemError('service_unavailable', 'The catalog does not respond.'));
    const node = await startUpload({ catalog: { recordUpload } });
    const photo = await node.user().upload(newFile());
    expect(await node.eventsOf(photo.id)).toHaveLength(1);
    await node.stop();
  });
});
