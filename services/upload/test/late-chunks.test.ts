import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { CHUNK, createGround, type Ground, startUpload, type UploadNode } from './harness.js';
import { beginChunk } from './raw-request.js';
import { newFile, type TestFile, type User } from './user.js';

const chunkOf = ({ bytes }: TestFile, index: number) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK);

describeWithPostgres('a chunk that is still on its way when its session ends', () => {
  let ground: Ground;
  let one: UploadNode;
  let other: UploadNode;
  /** The other process records no part before this resolves. */
  let gate: Promise<void>;
  let openGate: () => void;
  let stored = 0;
  let begun = 0;
  beforeAll(async () => {
    ground = await createGround();
    one = await startUpload({ ground });
    other = await startUpload({
      ground,
      decorate: (store) => ({
        ...store,
        writePart: async (...part) => {
          begun += 1;
          const written = await store.writePart(...part);
          stored += 1;
          await gate;
          return written;
        },
      }),
    });
  });
  beforeEach(() => {
    gate = new Promise((resolve) => {
      openGate = resolve;
    });
  });
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await ground.remove();
  });

  const rowOf = async (sessionId: string) => {
    const { rows } = await one.pool.query(
      `SELECT status, expires_at, (SELECT count(*)::int FROM upload_chunks WHERE session_id = s.id) AS chunks
        FROM upload_sessions AS s WHERE id = $1`,
      [sessionId],
    );
    return rows[0];
  };
  const expireNow = async (_user: User, sessionId: string) => {
    await one.pool.query(`UPDATE upload_sessions SET expires_at = now() - interval '1 s' WHERE id = $1`, [
      sessionId,
    ]);
    await one.service.expire();
  };

  describe('and is stored, but not recorded', () => {
    it.each([
      ['aborted', (user: User, sessionId: string) => user.abort(sessionId)],
      ['expired', expireNow],
    ] as const)('is not recorded when it was %s', async (uploadStatus, end) => {
      const user = one.user();
      const file = newFile();
      const session = await user.open(file);
      await user.put(session.id, 0, chunkOf(file, 0));
      const before = stored;
      const late = other.user(user.id).put(session.id, CHUNK, chunkOf(file, 1));
      await eventually(() => expect(stored).toBe(before + 1));
      await end(user, session.id);
      const row = await rowOf(session.id);
      openGate();
      expect(await late).toMatchObject({ status: 409, body: { code: 'upload_ended', uploadStatus } });
      expect(await rowOf(session.id)).toEqual(row);
      expect(row.status).toBe(uploadStatus);
      expect(await one.keysOf(user.id)).toEqual([]);
    });

    it('is accepted, and changes nothing, when it was completed', async () => {
      const user = one.user();
      const file = newFile();
      const session = await user.open(file);
      const before = stored;
      const late = other.user(user.id).put(session.id, CHUNK, chunkOf(file, 1));
      await eventually(() => expect(stored).toBe(before + 1));
      await user.sendAll(session, file);
      const { body } = await user.complete(session.id);
      const row = await rowOf(session.id);
      openGate();
      expect((await late).status).toBe(204);
      expect(await rowOf(session.id)).toEqual(row);
      expect(row).toMatchObject({ status: 'completed', chunks: 0 });
      expect(await one.bytesOf({ id: body.photoId, userId: user.id })).toEqual(file.bytes);
      expect(await one.eventsOf(body.photoId)).toHaveLength(1);
    });
  });

  it.each(['end', 'cut'] as const)(
    'does not change the photo, whatever its bytes, when its sender has stalled in another process (%s)',
    async (how) => {
      openGate();
      const user = one.user();
      const file = newFile();
      const session = await user.open(file);
      await user.put(session.id, 0, chunkOf(file, 0));
      const before = begun;
      const late = beginChunk({
        url: other.url,
        token: other.user(user.id).token,
        sessionId: session.id,
        offset: CHUNK,
        contentLength: CHUNK,
      });
      await late.send(Buffer.alloc(CHUNK / 2, 1));
      await eventually(() => expect(begun).toBe(before + 1));
      await user.sendAll(session, file);
      const { body } = await user.complete(session.id);
      const photo = { id: body.photoId, userId: user.id };
      expect(await one.bytesOf(photo)).toEqual(file.bytes);
      await late.send(Buffer.alloc(CHUNK / 2 - 1, 1));
      if (how === 'cut') late.cut();
      else {
        await late.send(Buffer.alloc(1, 1));
        expect((await late.end()).status).toBe(204);
      }
      // A request to the same chunk is received after the late one has been given up.
      expect((await other.user(user.id).put(session.id, CHUNK, chunkOf(file, 1))).status).toBe(204);
      expect(await one.bytesOf(photo)).toEqual(file.bytes);
      expect(await one.keysOf(user.id)).toHaveLength(1);
    },
  );
});
