import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MAX_FEED_PHOTO_IDS, MAX_PAGE_BYTES } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { newId } from '@lazyphotos/service-kit';
import { countBytesRead, describeWithPostgres } from '@lazyphotos/testkit';
import { albumChanged, albumRecord, at, photoChanged, photoRecord } from './events.js';
import { createFollower, itemIds } from './follower.js';
import { createGround, type Feed, startFeed } from './harness.js';

/** Writes albums with so many photos each into the log of a user, in two statements. */
async function addAlbums({ pool }: Pick<Database, 'pool'>, userId: string, albums: number, photos: number) {
  const record = JSON.stringify(albumRecord(userId, { itemCount: photos }));
  await pool.query(
    `WITH head AS (INSERT INTO feed_heads (user_id, last_seq) VALUES ($1, $2)),
      entries AS (
        INSERT INTO feed_entries (user_id, entity, entity_id, seq, version, deleted, data, updated_at)
        SELECT $1, 'album', id, seq, 1, false, $3::jsonb || jsonb_build_object('id', id), $4
        FROM (SELECT gen_random_uuid() AS id, seq FROM generate_series(1, $2::bigint) AS seq) AS albums
        RETURNING entity_id
      )
    INSERT INTO feed_album_items (album_id, photo_id, version, present)
    SELECT entity_id, gen_random_uuid(), 1, true FROM entries, generate_series(1, $5::int)`,
    [userId, albums, record, at(1), photos],
  );
  const { rows } = await pool.query(
    'SELECT entity_id AS id FROM feed_entries WHERE user_id = $1 ORDER BY seq',
    [userId],
  );
  return rows.map(({ id }) => id as string);
}

describeWithPostgres('the size of a page', () => {
  let feed: Feed;
  let bytesRead: () => number;
  beforeAll(async () => {
    feed = await startFeed();
    bytesRead = countBytesRead(feed.pool);
  });
  afterAll(() => feed.stop());

  /** Reads to the end of a log. Returns the ids of each page, and the size of the largest one in the response and from PostgreSQL. */
  async function readAll({ get }: Pick<Feed, 'get'>, userId: string) {
    const pages: string[][] = [];
    const largest = { response: 0, read: 0 };
    for (let cursor = '', hasMore = true; hasMore; ) {
      const before = bytesRead();
      const { text, body } = await get(userId, `?limit=500${cursor && `&cursor=${cursor}`}`);
      largest.read = Math.max(largest.read, bytesRead() - before);
      largest.response = Math.max(largest.response, Buffer.byteLength(text));
      pages.push(itemIds(body.items));
      ({ cursor, hasMore } = body);
    }
    return { pages, largest };
  }

  it('is limited in bytes for albums with many photos', async () => {
    const userId = newId();
    const albumIds = await addAlbums(feed, userId, 16, 5000);
    const { pages, largest } = await readAll(feed, userId);
    expect(pages.flat()).toEqual(albumIds);
    expect(pages.length).toBe(2);
    expect(largest.response).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(largest.read).toBeLessThanOrEqual(1.1 * MAX_PAGE_BYTES);
  });

  it('is limited in bytes for photos with long texts', async () => {
    const userId = newId();
    const tags = Array.from({ length: 100 }, (_, index) => `${'ä'.repeat(90)} ${index}`);
    const heavy = () => photoRecord(userId, { description: '"'.repeat(10_000), tags });
    await feed.deliver(...Array.from({ length: 80 }, () => photoChanged(heavy())));
    const { pages, largest } = await readAll(feed, userId);
    expect(new Set(pages.flat()).size).toBe(80);
    expect(pages.length).toBeGreaterThan(1);
    expect(largest.response).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(largest.read).toBeLessThanOrEqual(1.1 * MAX_PAGE_BYTES);
  });

  it('is limited for an album that is larger than a page: it comes in parts, which a client puts together', async () => {
    const userId = newId();
    const count = 2 * MAX_FEED_PHOTO_IDS + 5;
    const [albumId = ''] = await addAlbums(feed, userId, 1, count);
    const { pages, largest } = await readAll(feed, userId);
    expect(pages).toEqual([[albumId], [albumId], [albumId]]);
    expect(largest.response).toBeLessThan(MAX_PAGE_BYTES / 4);
    const album = (await createFollower(feed, userId).catchUp()).albums.get(albumId);
    expect(new Set(album?.photoIds).size).toBe(count);
  });
});

describeWithPostgres('an album in parts', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed({ ground: await createGround(), pageLimits: { bytes: 100_000, photoIds: 3 } });
  });
  afterAll(async () => {
    await feed.stop();
    await feed.ground.drop();
  });

  const page = async (userId: string, cursor = '', limit = 100) =>
    (await feed.get(userId, `?limit=${limit}${cursor && `&cursor=${cursor}`}`)).body;
  const arranged = (photoIds: string[]) =>
    Object.fromEntries(photoIds.map((id, index) => [id, `a${String.fromCharCode(97 + index)}`]));

  it('has its photos in the manual order, those without a place last, and says where each part belongs', async () => {
    const userId = newId();
    const ids = Array.from({ length: 8 }, () => newId());
    const album = albumRecord(userId, { order: 'manual', itemCount: 8 });
    const photo = photoRecord(userId);
    await feed.deliver(albumChanged(album, ids, [], arranged(ids.slice(2).reverse())));
    await feed.deliver(photoChanged(photo));
    const parts = [];
    let cursor: string | undefined;
    for (let read = 0; read < 3; read += 1) {
      const { items, ...next } = await page(userId, cursor);
      parts.push(items[0].data);
      expect(items).toHaveLength(1);
      expect(next.hasMore).toBe(true);
      cursor = next.cursor;
    }
    const order = [...ids.slice(2).reverse(), ...ids.slice(0, 2).sort()];
    expect(parts.map(({ photoIds }) => photoIds)).toEqual([
      order.slice(0, 3),
      order.slice(3, 6),
      order.slice(6),
    ]);
    expect(parts.map(({ part }) => part)).toEqual([
      { offset: 0, isLast: false },
      { offset: 3, isLast: false },
      { offset: 6, isLast: true },
    ]);
    expect(await page(userId, cursor)).toMatchObject({ items: [{ data: { id: photo.id } }], hasMore: false });
  });

  it('begins again at the end of the log when it changes between two parts', async () => {
    const userId = newId();
    const ids = Array.from({ length: 5 }, () => newId());
    const album = albumRecord(userId, { itemCount: 5 });
    const photo = photoRecord(userId);
    await feed.deliver(albumChanged(album, ids));
    const first = await page(userId);
    await feed.deliver(photoChanged(photo));
    await feed.deliver(albumChanged({ ...album, version: 2, itemCount: 4 }, [], [ids[0] ?? '']));
    const second = await page(userId, first.cursor, 1);
    expect(itemIds(second.items)).toEqual([photo.id]);
    const third = await page(userId, second.cursor);
    expect(third).toMatchObject({ items: [{ data: { part: { offset: 0, isLast: false } } }] });
    const follower = createFollower(feed, userId);
    expect((await follower.catchUp(1)).albums.get(album.id)?.photoIds).toEqual(ids.slice(1).sort());
  });

  it('comes whole as soon as it fits, without saying anything of parts', async () => {
    const userId = newId();
    const ids = Array.from({ length: 3 }, () => newId());
    await feed.deliver(albumChanged(albumRecord(userId, { itemCount: 3 }), ids));
    const { items } = await page(userId);
    expect(items[0].data).toMatchObject({ photoIds: [...ids].sort() });
    expect(items[0].data).not.toHaveProperty('part');
  });
});
