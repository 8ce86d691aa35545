import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { CHUNK, startUpload, type UploadNode } from './harness.js';
import { newFile, type TestFile } from './user.js';

const chunkOf = ({ bytes }: TestFile, index: number) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK);
const digestOf = (bytes: Uint8Array, algorithm = 'sha256') =>
  createHash(algorithm).update(bytes).digest('base64');

describeWithPostgres('chunks', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  const completed = async (user: ReturnType<UploadNode['user']>, sessionId: string) => {
    const reply = await user.complete(sessionId);
    expect(reply).toMatchObject({ status: 200 });
    return { id: reply.body.photoId as string, userId: user.id };
  };

  it.each([
    ['backwards', [3, 2, 1, 0]],
    ['mixed', [2, 0, 3, 1]],
    ['with repeats', [0, 0, 2, 1, 2, 3, 3]],
  ])('may come %s', async (_order, order) => {
    const user = node.user();
    const file = newFile(3500);
    const session = await user.open(file);
    for (const index of order) {
      expect((await user.put(session.id, index * CHUNK, chunkOf(file, index))).status).toBe(204);
    }
    expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
  });

  it('may come all at once, each several times', async () => {
    const user = node.user();
    const file = newFile(9001);
    const session = await user.open(file);
    const puts = Array.from({ length: 30 }, (_, n) =>
      user.put(session.id, (n % 10) * CHUNK, chunkOf(file, n % 10)),
    );
    for (const reply of await Promise.all(puts)) expect(reply.status).toBe(204);
    expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
  });

  it('make a file of one byte, of exactly one chunk and of exactly three', async () => {
    const user = node.user();
    for (const size of [4, CHUNK, 3 * CHUNK]) {
      const file = newFile(size);
      expect(await node.bytesOf(await user.upload(file))).toEqual(file.bytes);
    }
  });

  it('stay what they were when they are sent again with other bytes', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    for (const index of [1, 0]) {
      await user.put(session.id, index * CHUNK, chunkOf(file, index));
      const other = await user.put(session.id, index * CHUNK, Buffer.alloc(CHUNK, 7));
      expect(other.status).toBe(204);
    }
    await user.sendAll(session, file);
    expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
  });

  it('that are repeated are checked like new ones, also after the upload is complete', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    await user.sendAll(session, file);
    const faults = async () => {
      const wrongDigest = { 'content-digest': `sha-256=:${digestOf(Buffer.from('other'))}:` };
      const damaged = await user.put(session.id, 0, chunkOf(file, 0), wrongDigest);
      expect(damaged).toMatchObject({ status: 422, body: { code: 'chunk_digest_mismatch' } });
      const short = await user.put(session.id, 0, Buffer.alloc(CHUNK - 1));
      expect(short).toMatchObject({ status: 409, body: { code: 'offset_mismatch' } });
      expect((await user.put(session.id, 0, chunkOf(file, 0))).status).toBe(204);
    };
    await faults();
    expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
    await faults();
  });

  it('are reported as joined ranges, with the first byte that is missing', async () => {
    const user = node.user();
    const file = newFile(4500);
    const session = await user.open(file);
    const state = async () => (await user.status(session.id)).body;
    expect(await state()).toMatchObject({
      status: 'open',
      sizeBytes: 4500,
      chunkSize: CHUNK,
      nextOffset: 0,
      received: [],
    });
    await user.put(session.id, 3 * CHUNK, chunkOf(file, 3));
    await user.put(session.id, 4 * CHUNK, chunkOf(file, 4));
    expect(await state()).toMatchObject({ nextOffset: 0, received: [{ offset: 3000, length: 1500 }] });
    await user.put(session.id, 0, chunkOf(file, 0));
    expect(await state()).toMatchObject({
      nextOffset: CHUNK,
      received: [
        { offset: 0, length: CHUNK },
        { offset: 3000, length: 1500 },
      ],
    });
    await user.sendAll(session, file);
    expect(await state()).toMatchObject({ nextOffset: 4500, received: [{ offset: 0, length: 4500 }] });
    const { id } = await completed(user, session.id);
    expect(await state()).toMatchObject({
      status: 'completed',
      photoId: id,
      nextOffset: 4500,
      received: [{ offset: 0, length: 4500 }],
    });
  });

  it('give the session more time', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    node.advance(60_000);
    await user.put(session.id, 0, chunkOf(file, 0));
    const { body } = await user.status(session.id);
    expect(Date.parse(body.expiresAt)).toBeGreaterThanOrEqual(Date.parse(session.body.expiresAt) + 60_000);
  });

  describe('that do not fit', () => {
    it.each([1, 999, 1001, 4000, 1_000_000, 999_999_999_999_999])(
      'are refused at offset %d',
      async (offset) => {
        const user = node.user();
        const file = newFile();
        const session = await user.open(file);
        await user.put(session.id, 0, chunkOf(file, 0));
        const reply = await user.put(session.id, offset, Buffer.alloc(CHUNK));
        expect(reply).toMatchObject({
          status: 409,
          body: { code: 'offset_mismatch', expectedOffset: CHUNK, chunkSize: CHUNK, sizeBytes: 3500 },
        });
      },
    );

    it.each(['', '-1', '1.5', 'x', '1e3'])('are refused with offset=%s', async (offset) => {
      const user = node.user();
      const session = await user.open(newFile());
      const path = `/upload-sessions/${session.id}/chunks?offset=${offset}`;
      const reply = await user.call(path, { method: 'PUT', body: Buffer.alloc(CHUNK) });
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    });

    it.each([
      [0, CHUNK - 1, CHUNK],
      [0, CHUNK + 1, CHUNK],
      [0, 0, CHUNK],
      [3000, CHUNK, 500],
      [3000, 499, 500],
    ])('are refused at %d with %d bytes', async (offset, length, expectedLength) => {
      const user = node.user();
      const session = await user.open(newFile());
      const reply = await user.put(session.id, offset, Buffer.alloc(length));
      expect(reply).toMatchObject({ status: 409, body: { code: 'offset_mismatch', expectedLength } });
      expect((await user.status(session.id)).body.received).toEqual([]);
    });

    it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/json'])(
      'are refused as %s',
      async (type) => {
        const user = node.user();
        const session = await user.open(newFile());
        const reply = await user.put(session.id, 0, Buffer.alloc(CHUNK), { 'content-type': type });
        expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
      },
    );

    it('are refused when they are compressed', async () => {
      const user = node.user();
      const session = await user.open(newFile());
      const reply = await user.put(session.id, 0, Buffer.alloc(CHUNK), { 'content-encoding': 'gzip' });
      expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    });
  });

  describe('with a Content-Digest', () => {
    it.each([
      ['alone', (bytes: Buffer) => `sha-256=:${digestOf(bytes)}:`],
      [
        'beside another algorithm',
        (bytes: Buffer) => `sha-512=:${digestOf(bytes, 'sha512')}:, sha-256=:${digestOf(bytes)}:`,
      ],
      ['of an algorithm that is not known here', () => 'sha-512=:AAAA:'],
    ])('are stored: %s', async (_name, header) => {
      const user = node.user();
      const file = newFile(800);
      const session = await user.open(file);
      const reply = await user.put(session.id, 0, file.bytes, { 'content-digest': header(file.bytes) });
      expect(reply.status).toBe(204);
      expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
    });

    it('are not recorded when they changed on their way, and may be sent again', async () => {
      const user = node.user();
      const file = newFile(800);
      const session = await user.open(file);
      const digest = { 'content-digest': `sha-256=:${digestOf(file.bytes)}:` };
      const reply = await user.put(session.id, 0, Buffer.alloc(800, 1), digest);
      expect(reply).toMatchObject({ status: 422, body: { code: 'chunk_digest_mismatch' } });
      expect((await user.status(session.id)).body.received).toEqual([]);
      expect((await user.put(session.id, 0, file.bytes, digest)).status).toBe(204);
      expect(await node.bytesOf(await completed(user, session.id))).toEqual(file.bytes);
    });

    it.each(['sha-256=abc', 'sha-256=::', 'sha-256=:AAAA:', 'sha-256', 'sha-256=:!:'])(
      'are refused when it is malformed: %s',
      async (header) => {
        const user = node.user();
        const session = await user.open(newFile());
        const reply = await user.put(session.id, 0, Buffer.alloc(CHUNK), { 'content-digest': header });
        expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      },
    );
  });

  describe('of a session', () => {
    it("that is another user's are refused, as is every other request", async () => {
      const [owner, stranger] = [node.user(), node.user()];
      const file = newFile();
      const session = await owner.send(file);
      const replies = await Promise.all([
        stranger.put(session.id, 0, chunkOf(file, 0)),
        stranger.status(session.id),
        stranger.complete(session.id),
        stranger.abort(session.id),
      ]);
      for (const reply of replies) expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect((await owner.complete(session.id)).status).toBe(200);
    });

    it('that does not exist are refused', async () => {
      for (const id of [newId(), 'nonsense']) {
        expect((await node.user().put(id, 0, Buffer.alloc(CHUNK))).status).toBe(404);
      }
    });

    it('that is completed are read and forgotten', async () => {
      const user = node.user();
      const file = newFile();
      const photo = await user.upload(file);
      expect((await user.put(photo.sessionId, 0, Buffer.alloc(CHUNK))).status).toBe(204);
      expect(await node.bytesOf(photo)).toEqual(file.bytes);
    });

    it('that was ended are refused', async () => {
      const user = node.user();
      const session = await user.send(newFile());
      await user.abort(session.id);
      const reply = await user.put(session.id, 0, Buffer.alloc(CHUNK));
      expect(reply).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
      expect((await user.complete(session.id)).body).toMatchObject({
        code: 'upload_ended',
        uploadStatus: 'aborted',
      });
    });
  });
});
