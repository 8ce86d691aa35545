import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { CHUNK, createGround, type Ground, startUpload, type UploadNode } from './harness.js';
import { beginChunk } from './raw-request.js';
import { fileOf, newFile, originalKey, type TestFile } from './user.js';

/** Other bytes of the same length and type. */
const otherBytes = ({ bytes }: TestFile): Buffer<ArrayBuffer> => newFile(bytes.length).bytes;

describeWithPostgres('a file of one chunk', () => {
  let ground: Ground;
  let one: UploadNode;
  let other: UploadNode;
  /** Objects that the other process has begun to store. */
  let begun = 0;
  /** How often it has read one. */
  let reads = 0;
  beforeAll(async () => {
    ground = await createGround();
    one = await startUpload({ ground });
    other = await startUpload({
      ground,
      decorate: (store) => ({
        ...store,
        put: (...object) => {
          begun += 1;
          return store.put(...object);
        },
        get: (...object) => {
          reads += 1;
          return store.get(...object);
        },
      }),
    });
  });
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await ground.remove();
  });

  /** Sends the first half of these bytes to the other process, which waits for the rest. */
  const beginElsewhere = async (userId: string, sessionId: string, bytes: Buffer) => {
    const before = begun;
    const { token } = other.user(userId);
    const chunk = beginChunk({ url: other.url, token, sessionId, offset: 0, contentLength: bytes.length });
    const half = bytes.length / 2;
    await chunk.send(bytes.subarray(0, half));
    await eventually(() => expect(begun).toBe(before + 1));
    return async () => {
      await chunk.send(bytes.subarray(half));
      return chunk.end();
    };
  };

  it('with other bytes than announced never becomes an object', async () => {
    const user = one.user();
    const file = newFile(CHUNK);
    const session = await user.open(file);
    expect((await user.put(session.id, 0, otherBytes(file))).status).toBe(204);
    expect(await one.keysOf(user.id)).toEqual([]);
    expect(await user.complete(session.id)).toMatchObject({ status: 422, body: { code: 'hash_mismatch' } });
    expect((await user.status(session.id)).body.status).toBe('failed');
    expect(await one.bytesOf(await user.upload(file))).toEqual(file.bytes);
  });

  it('leaves no staged upload, and no object when it is aborted', async () => {
    const user = one.user();
    const staged = await ground.stagedUploads();
    const session = await user.send(newFile(CHUNK));
    expect(await one.keysOf(user.id)).toHaveLength(1);
    expect(await ground.stagedUploads()).toEqual(staged);
    expect((await user.abort(session.id)).status).toBe(204);
    expect(await one.keysOf(user.id)).toEqual([]);
  });

  it('leaves no object when it expires', async () => {
    const user = one.user();
    const session = await user.send(newFile(CHUNK));
    await one.pool.query(
      `UPDATE upload_sessions SET expires_at = now() - interval '1 minute' WHERE id = $1`,
      [session.id],
    );
    await one.service.expire();
    expect(await one.keysOf(user.id)).toEqual([]);
  });

  it('is not replaced by other bytes that another process still receives when it is completed', async () => {
    const user = one.user();
    const file = newFile(CHUNK);
    const session = await user.open(file);
    const sendRest = await beginElsewhere(user.id, session.id, otherBytes(file));
    await user.sendAll(session, file);
    const { body } = await user.complete(session.id);
    await sendRest();
    expect(await one.bytesOf({ id: body.photoId, userId: user.id })).toEqual(file.bytes);
  });

  it('does not come back when another process still receives it while it is purged', async () => {
    const user = one.user();
    const file = newFile(CHUNK);
    const session = await user.open(file);
    const sendRest = await beginElsewhere(user.id, session.id, file.bytes);
    await user.sendAll(session, file);
    const { body } = await user.complete(session.id);
    await one.purge({ id: body.photoId, userId: user.id });
    expect((await sendRest()).status).toBe(204);
    expect(await one.keysOf(user.id)).toEqual([]);
  });

  it('does not come back when another process still receives it while it is aborted', async () => {
    const user = one.user();
    const file = newFile(CHUNK);
    const session = await user.open(file);
    const sendRest = await beginElsewhere(user.id, session.id, file.bytes);
    await user.abort(session.id);
    expect(await sendRest()).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
    expect(await one.keysOf(user.id)).toEqual([]);
  });

  it('is not read again when it is completed, if it began as a JPEG does', async () => {
    const before = reads;
    await other.user().upload(newFile(CHUNK));
    expect(reads).toBe(before);
  });

  /** Sends a file in two pieces, of which the service has got the first one alone, and completes it. */
  const completeInPieces = async (file: TestFile, first: number) => {
    const user = other.user();
    const { id: sessionId } = await user.open(file);
    const before = begun;
    const chunk = beginChunk({
      url: other.url,
      token: user.token,
      sessionId,
      offset: 0,
      contentLength: CHUNK,
    });
    await chunk.send(file.bytes.subarray(0, first));
    await eventually(() => expect(begun).toBe(before + 1));
    await chunk.send(file.bytes.subarray(first));
    expect((await chunk.end()).status).toBe(204);
    return user.complete(sessionId);
  };

  it('is recognised also when its first bytes come one after the other', async () => {
    const before = reads;
    expect(await completeInPieces(newFile(CHUNK), 3)).toMatchObject({ status: 200 });
    expect(reads).toBe(before);
  });

  it('is not taken for a JPEG by the first three bytes of a JPEG-LS', async () => {
    const { bytes } = newFile(CHUNK);
    bytes[3] = 0xf7;
    const reply = await completeInPieces(fileOf(bytes), 3);
    expect(reply.body).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('is sent again when its object is lost before it is completed', async () => {
    const user = one.user();
    const file = newFile(CHUNK);
    const session = await user.send(file);
    await one.store.delete((await one.keysOf(user.id))[0] ?? '');
    expect(await user.complete(session.id)).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
    const photo = await user.upload(file);
    expect(await one.bytesOf(photo)).toEqual(file.bytes);
    expect(await one.keysOf(user.id)).toEqual([originalKey(photo)]);
  });
});
