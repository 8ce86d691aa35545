import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createShareSigning, newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, http } from '@lazyphotos/testkit';
import { migrationsPath } from '../src/index.js';
import { eventOf, newUpload, readyResult } from './facts.js';
import { type CatalogNode, DAY_MS, displayNames, SIGNING_KEY, startCatalog } from './harness.js';
import type { User } from './user.js';
import { idsOf, share, visitorOf } from './visitor.js';

const NOT_FOUND = { status: 404, body: { code: 'not_found' } };

describeWithPostgres('share links', () => {
  let node: CatalogNode;
  let visitor: ReturnType<typeof visitorOf>;
  beforeAll(async () => {
    node = await startCatalog();
    visitor = visitorOf(node);
  });
  afterAll(() => node.stop());

  const named = (name = 'Ada'): User => {
    const user = node.user();
    displayNames.set(user.id, name);
    return user;
  };
  /** A photo whose previews are there. */
  const readyPhoto = async (owner: User, more: object = {}): Promise<string> => {
    const upload = newUpload(owner.id, more);
    await node.service.api.recordUpload(upload);
    await node.deliver(eventOf('media.processed', readyResult(upload)));
    return upload.photoId;
  };

  describe('for their owner', () => {
    it('are created with what was asked for, and show the token once', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
      const created = await share(owner, { photoId, expiresAt, password: 'open sesame', title: 'One' });
      expect(created).toMatchObject({
        photoId,
        expiresAt,
        title: 'One',
        hasPassword: true,
        allowDownload: true,
        showLocation: false,
        viewCount: 0,
      });
      expect(created.token).toMatch(/^[\w-]{43}$/);
      expect(created.url).toBe(`https://photos.example.org/s/${created.token}`);
      const { token, url, ...rest } = created;
      const one = await owner.call(`/share-links/${created.id}`);
      expect(one).toMatchObject({ status: 200, body: rest });
      const list = await owner.call('/share-links');
      expect(list.body).toMatchObject({ shareLinks: [rest], hasMore: false });
      for (const { text } of [one, list]) expect(text).not.toContain(token);
    });

    it('are listed newest first, page by page', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) ids.push((await share(owner, { photoId })).id);
      const pages = await owner.pages('/share-links', 2);
      const listed = pages.flatMap((page) => page.shareLinks.map(({ id }: { id: string }) => id));
      expect(listed).toEqual(ids.reverse());
      expect((await owner.call('/share-links?cursor=x')).body.code).toBe('invalid_cursor');
    });

    it('can be changed in every option', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      const { id, token } = await share(owner, { photoId, title: 'One', password: 'first' });
      const patch = (body: object) => owner.send('PATCH', `/share-links/${id}`, body);
      const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
      const changed = await patch({ title: 'Two', allowDownload: false, showLocation: true, expiresAt });
      expect(changed).toMatchObject({
        status: 200,
        body: { title: 'Two', allowDownload: false, showLocation: true, expiresAt, hasPassword: true },
      });
      const bare = await patch({ title: null, expiresAt: null, password: null });
      expect(bare.body).toMatchObject({ expiresAt: null, hasPassword: false });
      expect(bare.body).not.toHaveProperty('title');
      expect((await visitor.content(token)).status).toBe(200);
      expect((await patch({})).body).toMatchObject({ allowDownload: false, showLocation: true });
      expect((await patch({ password: 'again' })).body.hasPassword).toBe(true);
      expect((await visitor.content(token)).status).toBe(401);
    });

    it.each([
      ['neither a photo nor an album', () => ({})],
      ['both', () => ({ photoId: newId(), albumId: newId() })],
      ['an end that has passed', (photoId: string) => ({ photoId, expiresAt: '2020-01-01T00:00:00Z' })],
      [
        'an end that is after the year 9999',
        (photoId: string) => ({ photoId, expiresAt: '9999-12-31T23:59:59-01:00' }),
      ],
      ['an end that is not a time', (photoId: string) => ({ photoId, expiresAt: 'tomorrow' })],
      ['an empty password', (photoId: string) => ({ photoId, password: '' })],
      ['an endless title', (photoId: string) => ({ photoId, title: 'x'.repeat(201) })],
    ])('are refused with %s', async (_name, body) => {
      const owner = node.user();
      const reply = await owner.send('POST', '/share-links', body(await owner.addPhoto()));
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(reply.body.errors.length).toBeGreaterThan(0);
    });

    it('are listed with one that an older version stored with an end that cannot be read', async () => {
      const owner = node.user();
      const { id } = await share(owner, { photoId: await owner.addPhoto() });
      const endAfter9999 = "UPDATE share_links SET expires_at = '10000-01-01T00:00:00Z' WHERE id = $1";
      await node.pool.query('ALTER TABLE share_links DROP CONSTRAINT share_links_expires_at_storable');
      await node.pool.query(endAfter9999, [id]);
      await node.pool.query(
        await readFile(join(migrationsPath, '20261127203000_storable_expiry/migration.sql'), 'utf8'),
      );
      const { shareLinks } = (await owner.call('/share-links')).body;
      expect(shareLinks).toMatchObject([{ id, expiresAt: '9999-12-31T23:59:59.999Z' }]);
      await expect(node.pool.query(endAfter9999, [id])).rejects.toThrow('share_links_expires_at_storable');
    });

    it("show neither another user's things, nor what is in the trash, nor what does not exist", async () => {
      const [owner, stranger] = [node.user(), node.user()];
      const [photoId, albumId, trashed] = [
        await owner.addPhoto(),
        await owner.addAlbum(),
        await owner.addPhoto(),
      ];
      await owner.trash(trashed);
      const replies = [
        await stranger.send('POST', '/share-links', { photoId }),
        await stranger.send('POST', '/share-links', { albumId }),
        await owner.send('POST', '/share-links', { photoId: trashed }),
        await owner.send('POST', '/share-links', { photoId: newId() }),
      ];
      for (const reply of replies) expect(reply).toMatchObject(NOT_FOUND);
      expect((await owner.call('/share-links')).body.shareLinks).toEqual([]);
    });

    it('are the same for a repeat with the same Idempotency-Key, token included', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      const create = (body: object) =>
        owner.call('/share-links', {
          method: 'POST',
          json: body,
          headers: { 'idempotency-key': 'once' },
        });
      const body = { photoId, password: 'a secret of ours' };
      const [first, second] = await Promise.all([create(body), create(body)]);
      expect(first?.status).toBe(201);
      expect(second?.body).toEqual(first?.body);
      expect((await owner.call('/share-links')).body.shareLinks).toHaveLength(1);
      expect(await create({ photoId, password: 'another' })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
      const stranger = node.user();
      const own = await stranger.addPhoto();
      const ask = (id: string) =>
        stranger.call('/share-links', { json: { photoId: id }, headers: { 'idempotency-key': 'once' } });
      expect(await ask(photoId)).toMatchObject(NOT_FOUND);
      const link = await ask(own);
      expect(link).toMatchObject({ status: 201, body: { photoId: own } });
      expect((await ask(own)).body).toEqual(link.body);
      expect((await create(body)).body).toEqual(first?.body);
    });

    it('are bounded in number, however many come at once', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      await node.pool.query(
        `INSERT INTO share_links (id, user_id, token_hash, photo_id, allow_download, show_location, created_at, updated_at)
         SELECT gen_random_uuid(), $1::uuid, sha256(gen_random_uuid()::text::bytea), $2::uuid, true, false, now(), now() FROM generate_series(1, 998) AS n`,
        [owner.id, photoId],
      );
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => owner.send('POST', '/share-links', { photoId })),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409]);
      const refused = replies.find(({ status }) => status === 409);
      expect(refused?.body.code).toBe('share_link_limit');
    });
  });

  describe('for visitors', () => {
    it('show a photo, its owner by name, and no location', async () => {
      const owner = named('Ada');
      const photoId = await readyPhoto(owner, {
        fileName: 'Sea.jpg',
        locationLat: -33.9,
        locationLon: 18.4,
        capturedAt: '2024-05-01T12:00:00.000Z',
      });
      const { token } = await share(owner, { photoId, title: 'The sea' });
      const reply = await visitor.content(token);
      expect(reply).toMatchObject({
        status: 200,
        body: {
          link: {
            kind: 'photo',
            title: 'The sea',
            ownerName: 'Ada',
            photoCount: 1,
            expiresAt: null,
            allowDownload: true,
            hasPassword: false,
          },
          hasMore: false,
          photos: [{ id: photoId, fileName: 'Sea.jpg', kind: 'photo', placeholder: 'AAAA' }],
        },
      });
      const [photo] = reply.body.photos;
      const urls = [photo.thumbnails.thumb, photo.thumbnails.medium, photo.originalUrl];
      for (const url of urls)
        expect(url).toMatch(new RegExp(`^https://cdn.example.org/s/${token}/media/[\\w-]+$`));
      expect(reply.headers.get('cache-control')).toBe('no-store');
      for (const secret of [owner.id, 'storageKey', 'hash', 'tags', 'location', '33.9'])
        expect(reply.text).not.toContain(secret);
    });

    it('show the location when it is allowed, and no original when not', async () => {
      const owner = node.user();
      const photoId = await readyPhoto(owner, { locationLat: -33.9, locationLon: 18.4 });
      const { token } = await share(owner, { photoId, showLocation: true, allowDownload: false });
      const { body } = await visitor.content(token);
      expect(body.photos).toMatchObject([{ locationLat: -33.9, locationLon: 18.4 }]);
      expect(body.photos[0]).not.toHaveProperty('originalUrl');
    });

    it.each([
      ['that was corrected', { locationLat: 10, locationLon: 20 }],
      ['that was removed', { locationLat: null, locationLon: null }],
    ])('serve no original with a location %s, even if they show locations', async (_what, edit) => {
      const signing = createShareSigning({
        signingKey: SIGNING_KEY,
        publicUrl: 'https://photos.example.org',
        mediaBaseUrl: 'https://cdn.example.org',
        lifetimeSeconds: 900,
      });
      const owner = node.user();
      const photoId = await readyPhoto(owner, { locationLat: -33.9, locationLon: 18.4 });
      const { token } = await share(owner, { photoId, showLocation: true });
      const isStripped = async () => {
        const { body } = await visitor.content(token);
        const handle = String(body.photos[0].originalUrl).split('/').at(-1) as string;
        return signing.openMedia(token, handle)?.stripLocation;
      };
      expect(await isStripped()).toBe(false);
      expect((await owner.edit(photoId, { description: 'sea' })).status).toBe(200);
      expect(await isStripped()).toBe(false);
      expect((await owner.edit(photoId, edit)).status).toBe(200);
      expect(await isStripped()).toBe(true);
    });

    it('show what an album holds now, without the trash, in its order, page by page', async () => {
      const owner = named();
      const albumId = await owner.addAlbum('Summer');
      const ids = await owner.addPhotos(5, (index) => ({
        capturedAt: `2024-05-0${index + 1}T12:00:00.000Z`,
      }));
      await owner.addItems(albumId, ids);
      const { token } = await share(owner, { albumId });
      const first = await visitor.content(token, { query: '?limit=2' });
      expect(first.body.link).toMatchObject({ kind: 'album', albumName: 'Summer', photoCount: 5 });
      const query = `?limit=100&cursor=${first.body.cursor}`;
      const rest = await visitor.content(token, { query });
      expect([...idsOf(first), ...idsOf(rest)]).toEqual(await owner.itemIds(albumId));

      await owner.trash(ids[0] as string);
      await owner.removeItem(albumId, ids[1] as string);
      const added = await owner.addPhoto();
      await owner.addItems(albumId, [added]);
      const now = await visitor.content(token);
      expect(idsOf(now).sort()).toEqual([...ids.slice(2), added].sort());
      expect(now.body.link.photoCount).toBe(4);
      await owner.restore(ids[0] as string);
      expect(idsOf(await visitor.content(token))).toContain(ids[0]);
    });

    it("have the album's cover if it is in the album and not in the trash, else the first photo", async () => {
      const owner = node.user();
      const albumId = await owner.addAlbum();
      const older = await readyPhoto(owner, { capturedAt: '2023-01-01T00:00:00.000Z' });
      const newer = await readyPhoto(owner, { capturedAt: '2024-01-01T00:00:00.000Z' });
      const outside = await readyPhoto(owner);
      await owner.addItems(albumId, [older, newer]);
      const { token } = await share(owner, { albumId });
      const cover = async (coverPhotoId: string | null) => {
        await owner.send('PUT', `/albums/${albumId}`, { coverPhotoId });
        return (await visitor.content(token)).body.link.cover;
      };
      expect(await cover(null)).toMatchObject({ photoId: newer, thumbnails: { medium: expect.any(String) } });
      expect(await cover(older)).toMatchObject({ photoId: older });
      expect(await cover(outside)).toMatchObject({ photoId: newer });
      await cover(older);
      await owner.trash(older);
      expect((await visitor.content(token)).body.link.cover).toMatchObject({ photoId: newer });
    });

    it('count first pages only, and remember when', async () => {
      const owner = node.user();
      const albumId = await owner.addAlbum();
      await owner.addItems(albumId, await owner.addPhotos(3));
      const { id, token } = await share(owner, { albumId });
      const seen = async () => (await owner.call(`/share-links/${id}`)).body;
      expect(await seen()).not.toHaveProperty('lastViewedAt');
      const { body } = await visitor.content(token, { query: '?limit=1' });
      await visitor.content(token, { query: `?limit=1&cursor=${body.cursor}` });
      await http(`${node.url}/share-links/${token}/content`, { method: 'HEAD' });
      await visitor.content(token, { query: '?cursor=nonsense' });
      expect(await seen()).toMatchObject({ viewCount: 1, lastViewedAt: expect.any(String) });
      await Promise.all(Array.from({ length: 5 }, () => visitor.content(token)));
      expect((await seen()).viewCount).toBe(6);
    });

    it('take two statements for a view of any size', async () => {
      const owner = node.user();
      const albumId = await owner.addAlbum();
      await owner.addItems(albumId, await owner.addPhotos(20));
      const { token } = await share(owner, { albumId });
      for (const limit of [1, 20]) {
        const asked = await node.statements.during(() =>
          visitor.content(token, { query: `?limit=${limit}` }),
        );
        expect(asked).toHaveLength(2);
      }
    });
  });

  describe('that have ended', () => {
    const gone = async (token: string) => {
      const replies = [await visitor.content(token), await visitor.unlock(token, 'x')];
      for (const reply of replies) expect(reply).toMatchObject(NOT_FOUND);
    };

    it('are gone once revoked', async () => {
      const owner = node.user();
      const { id, token } = await share(owner, { photoId: await owner.addPhoto() });
      expect((await owner.send('DELETE', `/share-links/${id}`)).status).toBe(204);
      await gone(token);
      expect(await owner.send('DELETE', `/share-links/${id}`)).toMatchObject(NOT_FOUND);
    });

    it('are gone once expired, and come back with a later end', async () => {
      const owner = node.user();
      const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
      const { id, token } = await share(owner, { photoId: await owner.addPhoto(), expiresAt });
      node.advance(DAY_MS + 1000);
      try {
        await gone(token);
        const later = new Date(Date.now() + 3 * DAY_MS).toISOString();
        await owner.send('PATCH', `/share-links/${id}`, { expiresAt: later });
        expect((await visitor.content(token)).status).toBe(200);
      } finally {
        node.advance(-DAY_MS - 1000);
      }
    });

    it('show nothing while the photo is in the trash, and are removed when it is purged', async () => {
      const owner = node.user();
      const photoId = await owner.addPhoto();
      const { id, token } = await share(owner, { photoId });
      await owner.trash(photoId);
      await gone(token);
      await owner.restore(photoId);
      expect((await visitor.content(token)).status).toBe(200);
      await owner.purge(photoId);
      await gone(token);
      expect(await owner.call(`/share-links/${id}`)).toMatchObject(NOT_FOUND);
    });

    it('are gone with their album, whose photos may have links of their own', async () => {
      const owner = node.user();
      const albumId = await owner.addAlbum();
      const photoId = await owner.addPhoto();
      await owner.addItems(albumId, [photoId]);
      const [ofAlbum, ofPhoto] = [await share(owner, { albumId }), await share(owner, { photoId })];
      await owner.send('DELETE', `/albums/${albumId}`);
      await gone(ofAlbum.token);
      expect((await visitor.content(ofPhoto.token)).status).toBe(200);
    });
  });
});
