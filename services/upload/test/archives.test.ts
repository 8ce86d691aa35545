import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageUnavailableError } from '@lazyphotos/object-storage';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, waitForLocks } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { CHUNK, HOUR_MS, startUpload, type UploadNode } from './harness.js';
import { fileOf, newFile, type TestFile, type User } from './user.js';
import { rawZip } from './zip/raw-zip.js';

/** An archive that no other test has. */
const newArchive = (size = 3500): TestFile =>
  fileOf(Buffer.from(rawZip([{ name: 'photo.jpg', content: randomBytes(size) }])), 'application/zip');

const archiveKey = (user: User, id: string) => `archives/${user.id}/${id}`;

describeWithPostgres('archives to import from', () => {
  let node: UploadNode;
  let undeletable: string | undefined;
  let unreadable: string | undefined;
  const scanned: number[] = [];
  beforeAll(async () => {
    node = await startUpload({
      decorate: (store) => ({
        ...store,
        get: async (key, range) => {
          if (key === unreadable) throw new StorageUnavailableError('cannot be read');
          return store.get(key, range);
        },
        delete: async (key) => {
          if (key === undeletable) throw new StorageUnavailableError('cannot be removed');
          await store.delete(key);
        },
      }),
      scanner: {
        scan: async (body) => {
          scanned.push(Buffer.concat(await body.toArray()).length);
          return { kind: 'clean' };
        },
      },
    });
  });
  afterAll(() => node.stop());

  const bytesAt = async (key: string): Promise<Buffer> =>
    Buffer.concat(await (await node.store.get(key)).body.toArray());
  const list = async (user: User, query = '') => (await user.call(`/archives${query}`)).body;
  const remove = (user: User, id: string) => user.call(`/archives/${id}`, { method: 'DELETE' });

  /** An import that reads this archive, as the driver would have it. */
  const importOf = async (user: User, archiveId: string, status: string): Promise<string> => {
    const id = newId();
    await node.pool.query(
      `INSERT INTO imports (id, user_id, source, status, restore, created_at, worked_at)
       VALUES ($1, $2, 'folder', $3, false, now(), now())`,
      [id, user.id, status],
    );
    await node.pool.query(
      `INSERT INTO import_parts (id, import_id, position, archive_id, name, size_bytes, state)
       VALUES ($1, $2, 0, $3, 'a.zip', 1, 'waiting')`,
      [newId(), id, archiveId],
    );
    return id;
  };

  describe('are uploaded like photos', () => {
    it('and become an archive, which is not a photo', async () => {
      const user = node.user();
      const file = newArchive();
      const { id } = await user.upload(file, { fileName: 'takeout-001.zip' });
      expect(await bytesAt(archiveKey(user, id))).toEqual(file.bytes);
      expect(await node.eventsOf(id)).toEqual([]);
      expect(node.catalog.recorded).toEqual([]);
      expect(scanned).toEqual([]);
      expect(await list(user)).toEqual({
        archives: [
          {
            id,
            hash: file.hash,
            fileName: 'takeout-001.zip',
            sizeBytes: file.bytes.length,
            uploadedAt: expect.any(String),
            importIds: [],
          },
        ],
        cursor: expect.any(String),
        hasMore: false,
      });
    });

    it.each(['application/x-zip-compressed', 'application/x-zip', 'Application/ZIP'])(
      'as %s',
      async (mimeType) => {
        expect(await node.user().upload({ ...newArchive(), mimeType })).toMatchObject({
          id: expect.any(String),
        });
      },
    );

    it('in any order of chunks', async () => {
      const user = node.user();
      const file = newArchive();
      const session = await user.open(file);
      const offsets = Array.from(
        { length: Math.ceil(file.bytes.length / CHUNK) },
        (_, index) => index * CHUNK,
      );
      for (const offset of offsets.reverse())
        await user.put(session.id, offset, file.bytes.subarray(offset, offset + CHUNK));
      const { body } = await user.complete(session.id);
      expect(await bytesAt(archiveKey(user, body.photoId))).toEqual(file.bytes);
    });

    it('once: a repeat finds the archive', async () => {
      const user = node.user();
      const file = newArchive();
      const stored = await user.upload(file);
      expect((await user.announce(file)).body).toMatchObject({
        alreadyExists: true,
        photoId: stored.id,
        photoState: 'active',
        uploadSessionId: stored.sessionId,
        nextOffset: file.bytes.length,
      });
      expect((await user.complete(stored.sessionId)).body).toEqual({ photoId: stored.id });
      expect((await user.status(stored.sessionId)).body).toMatchObject({
        status: 'completed',
        photoId: stored.id,
      });
      expect(await user.abort(stored.sessionId)).toMatchObject({ status: 409 });
      node.advance(25 * HOUR_MS);
      await node.service.expire();
      expect(await bytesAt(archiveKey(user, stored.id))).toEqual(file.bytes);
    });

    it('once, when two sessions bring it', async () => {
      const user = node.user();
      const file = newArchive();
      const first = await user.send(file);
      await node.pool.query('UPDATE upload_sessions SET open_key = NULL WHERE id = $1', [first.id]);
      const second = await user.send(file);
      expect(second.id).not.toBe(first.id);
      const replies = await Promise.all([user.complete(first.id), user.complete(second.id)]);
      const ids = replies.map(({ body }) => body.photoId);
      expect(ids[0]).toBe(ids[1]);
      expect(await node.keysOf(user.id)).toEqual([archiveKey(user, ids[0])]);
      await node.service.expire();
      expect(await bytesAt(archiveKey(user, ids[0]))).toEqual(file.bytes);
    });

    it('by each user for himself', async () => {
      const file = newArchive();
      const [one, other] = [node.user(), node.user()];
      const stored = await one.upload(file);
      expect((await other.announce(file)).body).toMatchObject({ alreadyExists: false });
      expect((await other.upload(file)).id).not.toBe(stored.id);
      expect((await remove(other, stored.id)).status).toBe(404);
    });

    it('apart from photos of the same hash', async () => {
      const user = node.user();
      const archive = newArchive();
      const asPhoto = { ...archive, mimeType: 'image/jpeg' };
      const photoSession = await user.open(asPhoto);
      const archiveSession = await user.open(archive);
      expect(archiveSession.id).not.toBe(photoSession.id);
      expect((await user.status(photoSession.id)).body.status).toBe('open');
      await user.sendAll(archiveSession, archive);
      expect((await user.complete(archiveSession.id)).status).toBe(200);
      expect((await user.announce(asPhoto)).body).toMatchObject({ alreadyExists: false });
    });

    it('leave nothing behind when they are given up', async () => {
      const user = node.user();
      const staged = await node.ground.stagedUploads();
      const session = await user.send(newArchive());
      expect((await user.abort(session.id)).status).toBe(204);
      const overdue = await user.send(newArchive());
      await node.store.beginUpload(archiveKey(user, newId()), 10, 10, { contentType: 'application/zip' });
      node.advance(25 * HOUR_MS);
      await node.service.expire();
      expect((await user.status(overdue.id)).body.status).toBe('expired');
      expect(await node.ground.stagedUploads()).toEqual(staged);
    });
  });

  describe('must be what they are called', () => {
    const complete = async (bytes: Buffer<ArrayBuffer>) => {
      const user = node.user();
      const session = await user.send(fileOf(bytes, 'application/zip'));
      const reply = await user.complete(session.id);
      return { reply, keys: await node.keysOf(user.id) };
    };

    it('a ZIP of any kind, and an empty one', async () => {
      const office = Buffer.from(rawZip([{ name: '[Content_Types].xml' }, { name: 'word/document.xml' }]));
      const empty = Buffer.from(rawZip([]));
      const epub = Buffer.from(rawZip([{ name: 'mimetype', content: Buffer.from('application/epub+zip') }]));
      for (const bytes of [office, empty, epub]) expect((await complete(bytes)).reply.status).toBe(200);
    });

    it('and no other file', async () => {
      const archive = newArchive().bytes;
      for (const bytes of [
        newFile().bytes,
        Buffer.from('<html></html>'),
        archive.subarray(0, archive.length - 5),
        Buffer.concat([newFile().bytes, archive]),
      ]) {
        const { reply, keys } = await complete(Buffer.from(bytes));
        expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
        expect(keys).toEqual([]);
      }
    });

    it('nor is one a photo', async () => {
      const user = node.user();
      const session = await user.send({ ...newArchive(), mimeType: 'image/jpeg' });
      expect((await user.complete(session.id)).status).toBe(415);
    });

    it('which a fault of the store leaves open', async () => {
      const user = node.user();
      const file = newArchive();
      const session = await user.send(file);
      const { rows } = await node.pool.query('SELECT storage_key FROM upload_sessions WHERE id = $1', [
        session.id,
      ]);
      unreadable = rows[0].storage_key;
      expect((await user.complete(session.id)).status).toBe(503);
      unreadable = undefined;
      const { status, body } = await user.complete(session.id);
      expect(status).toBe(200);
      expect(await bytesAt(archiveKey(user, body.photoId))).toEqual(file.bytes);
    });

    it('with the announced hash', async () => {
      const user = node.user();
      const session = await user.send({ ...newArchive(), hash: 'a'.repeat(64) });
      expect(await user.complete(session.id)).toMatchObject({ status: 422, body: { code: 'hash_mismatch' } });
      expect(await node.keysOf(user.id)).toEqual([]);
    });
  });

  describe('may be large', () => {
    const announce = (sizeBytes: number, mimeType = 'application/zip') =>
      node.user().call('/upload-sessions', { json: { hash: 'b'.repeat(64), sizeBytes, mimeType } });

    it('up to their own limit', async () => {
      expect((await announce(1_000_000)).status).toBe(200);
      expect(await announce(1_000_001)).toMatchObject({
        status: 413,
        body: { code: 'payload_too_large', maxBytes: 1_000_000 },
      });
      expect(await announce(100_001, 'image/jpeg')).toMatchObject({
        status: 413,
        body: { maxBytes: 100_000 },
      });
    });

    it('in chunks that grow, so that S3 takes them all', async () => {
      const large = await startUpload({
        ground: node.ground,
        settings: { chunkBytes: 8 * 1024 ** 2, archiveMaxBytes: Number.MAX_SAFE_INTEGER },
      });
      try {
        for (const sizeBytes of [50 * 1000 ** 3, 200 * 1000 ** 3, 9000 * 95_000_000]) {
          const { body } = await large.user().call('/upload-sessions', {
            json: { hash: 'c'.repeat(64), sizeBytes, mimeType: 'application/zip' },
          });
          expect(body.chunkSize).toBeGreaterThanOrEqual(8 * 1024 ** 2);
          expect(body.chunkSize).toBeLessThanOrEqual(95_000_000);
          expect(Math.ceil(sizeBytes / body.chunkSize)).toBeLessThanOrEqual(9000);
        }
        const tooLarge = await large.user().call('/upload-sessions', {
          json: { hash: 'c'.repeat(64), sizeBytes: 9000 * 95_000_000 + 1, mimeType: 'application/zip' },
        });
        expect(tooLarge).toMatchObject({ status: 413, body: { maxBytes: 9000 * 95_000_000 } });
      } finally {
        await large.stop();
      }
    });
  });

  describe('are listed', () => {
    it('the newest first, page by page, with the imports that read them', async () => {
      const user = node.user();
      const ids: string[] = [];
      for (let count = 0; count < 5; count += 1) ids.unshift((await user.upload(newArchive())).id);
      const imports = [
        await importOf(user, ids[1] as string, 'completed'),
        await importOf(user, ids[1] as string, 'running'),
      ];
      await node.user().upload(newArchive());
      const pages = [];
      for (let cursor = ''; ; ) {
        const page = await list(user, `?limit=2${cursor}`);
        pages.push(page.archives.map(({ id }: { id: string }) => id));
        const second = page.archives.find(({ id }: { id: string }) => id === ids[1]);
        if (second) expect(second.importIds.sort()).toEqual(imports.sort());
        if (!page.hasMore) break;
        cursor = `&cursor=${page.cursor}`;
      }
      expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    });

    it('and not by a cursor that is none', async () => {
      const user = node.user();
      expect(await user.call('/archives?cursor=x')).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      });
      expect(await list(user)).toEqual({ archives: [], cursor: null, hasMore: false });
    });
  });

  describe('are deleted', () => {
    it('with their bytes, and may be uploaded again', async () => {
      const user = node.user();
      const file = newArchive();
      const stored = await user.upload(file);
      expect((await remove(user, stored.id)).status).toBe(204);
      expect(await node.keysOf(user.id)).toEqual([]);
      expect((await list(user)).archives).toEqual([]);
      expect((await remove(user, stored.id)).status).toBe(404);
      expect((await user.status(stored.sessionId)).status).toBe(404);
      const again = await user.upload(file);
      expect(again.id).not.toBe(stored.id);
      expect(await bytesAt(archiveKey(user, again.id))).toEqual(file.bytes);
    });

    it.each(['pending', 'running'])('not while an import is %s', async (status) => {
      const user = node.user();
      const file = newArchive();
      const { id } = await user.upload(file);
      await importOf(user, id, 'completed');
      const reading = await importOf(user, id, status);
      expect(await remove(user, id)).toMatchObject({ status: 409, body: { code: 'archive_in_use' } });
      expect(await bytesAt(archiveKey(user, id))).toEqual(file.bytes);
      await node.pool.query(`UPDATE imports SET status = 'cancelled' WHERE id = $1`, [reading]);
      expect((await remove(user, id)).status).toBe(204);
      const { rows } = await node.pool.query('SELECT archive_id FROM import_parts WHERE import_id = $1', [
        reading,
      ]);
      expect(rows).toEqual([{ archive_id: null }]);
    });

    it('not when an import is being made of it', async () => {
      const user = node.user();
      const { id } = await user.upload(newArchive());
      const client = await node.pool.connect();
      await client.query('BEGIN');
      const importId = newId();
      await client.query(
        `INSERT INTO imports (id, user_id, source, status, restore, created_at, worked_at)
         VALUES ($1, $2, 'folder', 'pending', false, now(), now())`,
        [importId, user.id],
      );
      await client.query(
        `INSERT INTO import_parts (id, import_id, position, archive_id, name, size_bytes, state)
         VALUES ($1, $2, 0, $3, 'a.zip', 1, 'waiting')`,
        [newId(), importId, id],
      );
      const removing = remove(user, id);
      await waitForLocks(node.pool, 1);
      await client.query('COMMIT');
      client.release();
      expect(await removing).toMatchObject({ status: 409, body: { code: 'archive_in_use' } });
    });

    it.each(['a repeat', 'the next expiry run'])('by %s when the store failed in the middle', async (by) => {
      const user = node.user();
      const file = newArchive();
      const stored = await user.upload(file);
      undeletable = archiveKey(user, stored.id);
      expect((await remove(user, stored.id)).status).toBe(503);
      await node.service.expire();
      expect((await list(user)).archives).toEqual([]);
      expect(await node.keysOf(user.id)).toEqual([archiveKey(user, stored.id)]);
      // Meanwhile the same archive comes again.
      const again = await user.upload(file);
      undeletable = undefined;
      if (by === 'a repeat') expect((await remove(user, stored.id)).status).toBe(204);
      else await node.service.expire();
      expect(await node.keysOf(user.id)).toEqual([archiveKey(user, again.id)]);
      expect((await list(user)).archives).toMatchObject([{ id: again.id, hash: file.hash }]);
      const { rows } = await node.pool.query('SELECT id FROM archives WHERE user_id = $1', [user.id]);
      expect(rows).toEqual([{ id: again.id }]);
    });
  });

  it('exist with their bytes or not at all, after concurrent requests', async () => {
    const step = fc.constantFrom('upload' as const, 'delete' as const, 'abort' as const, 'expire' as const);
    const groups = fc.array(fc.array(step, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (rounds) => {
        const user = node.user();
        const file = newArchive(500);
        const steps = {
          upload: async () => {
            const { body } = await user.announce(file);
            if (body.alreadyExists) return;
            // The connection may be cut when another request ends the session: the server does not want the rest.
            await user.put(body.uploadSessionId, 0, file.bytes).catch(() => undefined);
            expect([200, 404, 409, 503]).toContain((await user.complete(body.uploadSessionId)).status);
          },
          delete: async () => {
            for (const { id } of (await list(user)).archives) {
              expect([204, 404]).toContain((await remove(user, id)).status);
            }
          },
          abort: async () => {
            const { body } = await user.announce(file);
            if (!body.alreadyExists)
              expect([204, 404, 409]).toContain((await user.abort(body.uploadSessionId)).status);
          },
          expire: () => node.service.expire(),
        };
        for (const round of rounds) await Promise.all(round.map((name) => steps[name]()));
        await node.service.expire();
        const { archives } = await list(user);
        expect(archives.length).toBeLessThanOrEqual(1);
        expect(await node.keysOf(user.id)).toEqual(
          archives.map(({ id }: { id: string }) => archiveKey(user, id)),
        );
        for (const { id } of archives) expect(await bytesAt(archiveKey(user, id))).toEqual(file.bytes);
        // And it can be uploaded once more.
        if (archives.length > 0) await remove(user, archives[0].id);
        const again = await user.upload(file);
        expect(await bytesAt(archiveKey(user, again.id))).toEqual(file.bytes);
      }),
      { numRuns: 30 },
    );
  });
});
