import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { CatalogApi } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { CHUNK, HOUR_MS, PUBLIC_URL, startUpload, type UploadNode } from './harness.js';
import { newFile, type TestFile } from './user.js';

describeWithPostgres('announcing a file', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('opens a session and says where the chunks go', async () => {
    const reply = await node.user().announce(newFile());
    expect(reply.status).toBe(200);
    const { uploadSessionId, expiresAt, ...rest } = reply.body;
    expect(rest).toEqual({
      uploadUrl: `${PUBLIC_URL}/upload-sessions/${uploadSessionId}/chunks`,
      chunkSize: CHUNK,
      alreadyExists: false,
      nextOffset: 0,
    });
    const lifetime = Date.parse(expiresAt) - Date.now();
    expect(lifetime).toBeGreaterThan(23 * HOUR_MS);
    expect(lifetime).toBeLessThanOrEqual(24 * HOUR_MS);
  });

  it('keeps every field and hands it on with the event', async () => {
    const user = node.user();
    const file = newFile();
    const fields = {
      fileName: 'IMG_0001 été 📷.JPG',
      capturedAt: '2024-05-06T07:08:09.123+02:00',
      capturedAtSource: 'fileModified',
      width: 4032,
      height: 3024,
      locationLat: -33.8568,
      locationLon: 151.2153,
      deviceId: newId(),
    };
    const { id } = await user.upload(file, { ...fields, mimeType: 'image/JPG' });
    const [event] = await node.eventsOf(id);
    expect(event?.payload).toEqual({
      ...fields,
      capturedAt: '2024-05-06T05:08:09.123Z',
      photoId: id,
      userId: user.id,
      storageKey: `originals/${user.id}/${id}`,
      hash: file.hash,
      sizeBytes: file.bytes.length,
      mimeType: 'image/jpeg',
      uploadedAt: expect.any(String),
    });
    expect(await node.store.head(`originals/${user.id}/${id}`)).toMatchObject({
      size: file.bytes.length,
      contentType: 'image/jpeg',
      metadata: { sha256: file.hash, 'file-name': fields.fileName },
    });
  });

  it.each([
    '0001-01-01T00:00:00.000Z',
    '0999-12-31T23:59:59.999Z',
    '1826-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ])('accepts %s as the capture time', async (capturedAt) => {
    const { id } = await node.user().upload(newFile(), { capturedAt });
    expect((await node.eventsOf(id))[0]?.payload).toMatchObject({ capturedAt, capturedAtSource: 'client' });
  });

  it.each(['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-12:00'])(
    'takes the file, and not the date, that says %s',
    async (capturedAt) => {
      const { id } = await node.user().upload(newFile(), { capturedAt });
      const [event] = await node.eventsOf(id);
      expect(event?.payload).not.toHaveProperty('capturedAt');
      expect(event?.payload).not.toHaveProperty('capturedAtSource');
    },
  );

  it('takes a file name of 255 letters of any script, and none at all', async () => {
    const user = node.user();
    await user.upload(newFile(), { fileName: '写'.repeat(255) });
    const file = newFile();
    const { id } = await user.upload(file);
    expect((await node.eventsOf(id))[0]?.payload.fileName).toBe(file.hash.slice(0, 16));
  });

  it.each([
    ['hash', 'A'.repeat(64)],
    ['hash', 'abc'],
    ['sizeBytes', 0],
    ['sizeBytes', 1.5],
    ['sizeBytes', '10'],
    ['mimeType', ''],
    ['fileName', 'a\u0000b'],
    ['fileName', ' '],
    ['capturedAt', 'yesterday'],
    ['capturedAtSource', 'exifOriginal'],
    ['width', 0],
    ['locationLat', 90.1],
    ['locationLon', -181],
    ['deviceId', 'phone'],
    ['restore', 'yes'],
  ])('refuses %s: %j', async (field, value) => {
    const reply = await node.user().announce(newFile(), { [field]: value });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toBe(`body.${field}`);
  });

  it('refuses a request without a token', async () => {
    const reply = await node.user().call('/upload-sessions', { json: {}, token: undefined });
    expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('refuses a file over the limit, and takes one that is just as large', async () => {
    const user = node.user();
    const over = await user.announce(newFile(10), { sizeBytes: 100_001 });
    expect(over).toMatchObject({ status: 413, body: { code: 'payload_too_large', maxBytes: 100_000 } });
    expect((await user.announce(newFile(10), { sizeBytes: 100_000 })).status).toBe(200);
  });

  it.each(['video/mp4', 'text/html', 'image/svg+xml', 'application/octet-stream', 'nonsense'])(
    'refuses %s',
    async (mimeType) => {
      const reply = await node.user().announce(newFile(), { mimeType });
      expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    },
  );

  it.each([
    ['of several chunks', 3500],
    ['of one chunk', CHUNK],
  ])('opens a session of the own for a file %s that another user is uploading', async (_which, size) => {
    const [owner, stranger] = [node.user(), node.user()];
    const file = newFile(size);
    const session = await owner.open(file);
    await owner.put(session.id, 0, file.bytes.subarray(0, CHUNK));
    const { status, body } = await stranger.announce(file);
    expect(status).toBe(200);
    expect(body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    expect(body.uploadSessionId).not.toBe(session.id);
    expect((await stranger.complete(body.uploadSessionId)).status).toBe(409);
    expect((await stranger.status(session.id)).status).toBe(404);
    expect((await owner.announce(file)).body.uploadSessionId).toBe(session.id);
    const [mine, theirs] = [await owner.upload(file), await stranger.upload(file)];
    expect(mine.id).not.toBe(theirs.id);
    for (const photo of [mine, theirs]) expect(await node.bytesOf(photo)).toEqual(file.bytes);
  });

  it('opens a session of the own for an archive that another user is uploading', async () => {
    const [owner, stranger] = [node.user(), node.user()];
    const file = { ...newFile(), mimeType: 'application/zip' };
    const session = await owner.open(file);
    const { body } = await stranger.announce(file);
    expect(body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    expect(body.uploadSessionId).not.toBe(session.id);
  });

  it("opens a session for a hash that only another user has, and tells nothing of the other's photo", async () => {
    const [owner, stranger] = [node.user(), node.user()];
    const file = newFile();
    const photo = await owner.upload(file);
    const reply = await stranger.announce(file);
    expect(reply.body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
    expect(reply.body).not.toHaveProperty('photoId');
    expect(reply.body).not.toHaveProperty('photoState');
    expect(reply.text).not.toContain(photo.id);
    expect(reply.text).not.toContain(owner.id);

    const own = await stranger.upload(file);
    expect(own.id).not.toBe(photo.id);
    expect(await node.eventsOf(own.id)).toHaveLength(1);
  });

  it('returns the open session when asked again, with what has arrived', async () => {
    const user = node.user();
    const file = newFile();
    const session = await user.open(file);
    await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
    const again = await user.announce(file);
    expect(again.body).toMatchObject({
      uploadSessionId: session.id,
      alreadyExists: false,
      nextOffset: CHUNK,
    });
  });

  it('opens one session for twenty requests at once', async () => {
    const user = node.user();
    const file = newFile();
    const replies = await Promise.all(Array.from({ length: 20 }, () => user.announce(file)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(20).fill(200));
    expect(new Set(replies.map((reply) => reply.body.uploadSessionId)).size).toBe(1);
  });

  it.each([{ sizeBytes: 3501 }, { mimeType: 'image/png' }])(
    'replaces the open session when the file is announced as another one: %j',
    async (other) => {
      const user = node.user();
      const file = newFile();
      const session = await user.open(file);
      await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
      const reply = await user.announce(file, other);
      expect(reply.body).toMatchObject({ alreadyExists: false, nextOffset: 0 });
      expect(reply.body.uploadSessionId).not.toBe(session.id);
      expect((await user.status(session.id)).body.status).toBe('aborted');
    },
  );

  it('replaces a session whose time has run out, also before the cleaning run', async () => {
    const other = await startUpload();
    const user = other.user();
    const file = newFile();
    const session = await user.open(file);
    other.advance(25 * HOUR_MS);
    const reply = await user.announce(file);
    expect(reply.body.uploadSessionId).not.toBe(session.id);
    expect((await user.status(session.id)).body.status).toBe('expired');
    await other.stop();
  });
});

describeWithPostgres('a user with as many open sessions as may be', () => {
  it('replaces the oldest of which no byte has come', async () => {
    const node = await startUpload({ settings: { openUploads: 3 } });
    try {
      const user = node.user();
      const files = [newFile(), newFile(), newFile(CHUNK)] as const;
      const started = await user.open(files[0]);
      await user.put(started.id, 0, files[0].bytes.subarray(0, CHUNK));
      const oldest = await user.open(files[1]);
      const single = await user.open(files[2]);
      const fresh = await user.open(newFile());
      const states = async (...sessions: { id: string }[]) =>
        Promise.all(sessions.map(async ({ id }) => (await user.status(id)).body.status));
      expect(await states(started, oldest, single, fresh)).toEqual(['open', 'aborted', 'open', 'open']);
      // As after any other end: its client announces again, and another one makes room.
      expect(await user.put(oldest.id, 0, files[1].bytes.subarray(0, CHUNK))).toMatchObject({
        status: 409,
        body: { code: 'upload_ended', uploadStatus: 'aborted' },
      });
      expect(await user.upload(files[1])).toMatchObject({ id: expect.any(String) });
      expect(await states(started, single, fresh)).toEqual(['open', 'aborted', 'open']);
      // Many at once do not get in each other's way, and take nothing from what has bytes.
      const replies = await Promise.all(Array.from({ length: 30 }, () => user.announce(newFile())));
      expect(replies.map(({ status }) => status)).toEqual(Array(30).fill(200));
      expect(await states(started, fresh)).toEqual(['open', 'aborted']);
      await user.open(newFile());
      const countOf = async (status: string): Promise<number> => {
        const { rows } = await node.pool.query(
          'SELECT count(*)::int AS count FROM upload_sessions WHERE user_id = $1 AND status = $2',
          [user.id, status],
        );
        return rows[0].count;
      };
      const aborted = await countOf('aborted');
      const twin = newFile();
      const [one, other] = await Promise.all([user.open(twin), user.open(twin)]);
      expect(one.id).toBe(other.id);
      expect(await countOf('aborted')).toBe(aborted + 1);
      expect(await countOf('open')).toBe(3);
    } finally {
      await node.stop();
    }
  });

  it.each(['purged', 'forgotten by the catalog'])(
    'does so also to restore a photo that was %s',
    async (how) => {
      const catalog: Partial<CatalogApi> = how === 'purged' ? {} : { photoState: async () => 'deleted' };
      const node = await startUpload({ settings: { openUploads: 2 }, catalog });
      try {
        const user = node.user();
        const file = newFile();
        const photo = await user.upload(file);
        if (how === 'purged') await node.purge(photo);
        const oldest = await user.open(newFile());
        await user.open(newFile());
        const reply = await user.announce(file, { restore: true });
        expect(reply).toMatchObject({ status: 200, body: { alreadyExists: false } });
        expect((await user.status(oldest.id)).body.status).toBe('aborted');
      } finally {
        await node.stop();
      }
    },
  );

  it('ends none when too few are without bytes, as after the limit was lowered', async () => {
    const node = await startUpload();
    const limited = await startUpload({ ground: node.ground, settings: { openUploads: 2 } });
    try {
      const user = node.user();
      const files = [newFile(), newFile(), newFile()];
      const sending = await Promise.all(files.map((file) => user.open(file)));
      for (const [index, { id }] of sending.entries())
        await user.put(id, 0, (files[index] as TestFile).bytes.subarray(0, CHUNK));
      const withoutBytes = await user.open(newFile());
      const refused = await limited.user(user.id).announce(newFile());
      expect(refused).toMatchObject({ status: 409, body: { code: 'upload_session_limit' } });
      expect((await user.status(withoutBytes.id)).body.status).toBe('open');
    } finally {
      await limited.stop();
      await node.stop();
    }
  });

  it('opens no more until one has ended when all have bytes, while others do', async () => {
    const node = await startUpload({ settings: { openUploads: 3 } });
    try {
      const user = node.user();
      const files = [newFile(), newFile(), newFile()];
      const openWithBytes = async (file: TestFile) => {
        const session = await user.open(file);
        await user.put(session.id, 0, file.bytes.subarray(0, CHUNK));
        return session;
      };
      const [first] = await Promise.all(files.map(openWithBytes));
      const refused = await user.announce(newFile());
      expect(refused).toMatchObject({ status: 409, body: { code: 'upload_session_limit' } });
      // An open one is found again, and other users have their own.
      expect(await user.announce(files[0] as TestFile)).toMatchObject({
        status: 200,
        body: { uploadSessionId: first?.id },
      });
      expect(await node.user().announce(newFile())).toMatchObject({ status: 200 });
      expect(await user.abort(first?.id ?? '')).toMatchObject({ status: 204 });
      const { id } = await user.upload(newFile());
      expect(await node.keysOf(user.id)).toEqual([`originals/${user.id}/${id}`]);
      await openWithBytes(newFile());
      expect(await user.announce(newFile())).toMatchObject({ status: 409 });
      const { rows } = await node.pool.query(
        `SELECT count(*)::int AS open FROM upload_sessions WHERE user_id = $1 AND status = 'open'`,
        [user.id],
      );
      expect(rows).toEqual([{ open: 3 }]);
    } finally {
      await node.stop();
    }
  });
});
