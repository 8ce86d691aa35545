import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually, recordingLogger } from '@lazyphotos/testkit';
import { CHUNK, startUpload, type UploadNode } from './harness.js';
import { beginChunk } from './raw-request.js';
import { newFile, type TestFile } from './user.js';

const { logger, lines } = recordingLogger();

describeWithPostgres('chunks over a bad line', () => {
  let node: UploadNode;
  /** Chunks that the service has begun to store. */
  let begun = 0;
  beforeAll(async () => {
    node = await startUpload({
      logger,
      decorate: (store) => ({
        ...store,
        writePart: (...part) => {
          begun += 1;
          return store.writePart(...part);
        },
        put: (...object) => {
          begun += 1;
          return store.put(...object);
        },
      }),
    });
  });
  afterAll(() => node.stop());

  const begin = async (file: TestFile, contentLength?: number) => {
    const user = node.user();
    const session = await user.open(file);
    const target = { url: node.url, token: user.token, sessionId: session.id, offset: 0 };
    const chunk = beginChunk(contentLength === undefined ? target : { ...target, contentLength });
    return { user, session, chunk, target };
  };

  it.each([0, 1, 999, CHUNK])('leave nothing when they are cut after %d bytes', async (sent) => {
    const file = newFile();
    const { user, session, chunk } = await begin(file, sent === CHUNK ? CHUNK + 1 : CHUNK);
    await chunk.send(Buffer.alloc(sent, 1));
    chunk.cut();
    expect((await user.status(session.id)).body.received).toEqual([]);
    await user.sendAll(session, file);
    expect((await user.complete(session.id)).status).toBe(200);
  });

  it('are not logged as errors', async () => {
    const { chunk } = await begin(newFile(), CHUNK);
    await chunk.send(Buffer.alloc(10));
    chunk.cut();
    await eventually(() => expect(lines.some(({ fields }) => fields.status === 'aborted')).toBe(true));
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it('are not logged as errors if they are interrupted repeats', async () => {
    const file = newFile();
    const { user, session, chunk, target } = await begin(file, CHUNK);
    chunk.cut();
    await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
    lines.length = 0;
    const repeat = beginChunk({ ...target, contentLength: CHUNK });
    await repeat.send(Buffer.alloc(10));
    repeat.cut();
    await eventually(() => expect(lines.some(({ fields }) => fields.status === 'aborted')).toBe(true));
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it.each([
    ['short', CHUNK - 1],
    ['long', CHUNK + 1],
    ['far too long', 50 * CHUNK],
  ])('are refused without Content-Length when they are too %s', async (_name, length) => {
    const { user, session, chunk } = await begin(newFile());
    await chunk.send(Buffer.alloc(length));
    expect(await chunk.end()).toMatchObject({
      status: 409,
      body: { code: 'offset_mismatch', expectedLength: CHUNK },
    });
    expect((await user.status(session.id)).body.received).toEqual([]);
  });

  it('are stored without Content-Length when they have the right length', async () => {
    const file = newFile(CHUNK);
    const { user, session, chunk } = await begin(file);
    await chunk.send(file.bytes.subarray(0, 400));
    await chunk.send(file.bytes.subarray(400));
    expect(await chunk.end()).toMatchObject({ status: 204 });
    expect((await user.complete(session.id)).status).toBe(200);
  });

  it('do not come after the session was ended while they were on their way', async () => {
    const file = newFile(CHUNK);
    const { user, session, chunk } = await begin(file, CHUNK);
    const before = begun;
    await chunk.send(file.bytes.subarray(0, 500));
    await eventually(() => expect(begun).toBe(before + 1));
    expect((await user.abort(session.id)).status).toBe(204);
    // The connection may be cut: the server does not want the rest.
    const answer = await chunk.end().catch(() => undefined);
    if (answer) expect(answer).toMatchObject({ status: 409, body: { code: 'upload_ended' } });
    expect((await user.status(session.id)).body).toMatchObject({ status: 'aborted', received: [] });
  });

  it('of the same place may be sent over a new line while the old one hangs', async () => {
    const file = newFile(CHUNK);
    const { user, session, chunk } = await begin(file, CHUNK);
    const before = begun;
    await chunk.send(file.bytes.subarray(0, 500));
    await eventually(() => expect(begun).toBe(before + 1));
    expect((await user.put(session.id, 0, file.bytes)).status).toBe(204);
    expect((await user.complete(session.id)).status).toBe(200);
    chunk.cut();
  });
});
