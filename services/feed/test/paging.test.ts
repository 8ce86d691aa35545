import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, http } from '@lazyphotos/testkit';
import { albumChanged, albumRecord, photoChanged, photoRecord } from './events.js';
import { createFollower, itemIds } from './follower.js';
import { asService, type Feed, startFeed } from './harness.js';

const decoded = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString());
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describeWithPostgres('pages of the feed', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(() => feed.stop());

  /** A user with so many photos, in the order of the log. */
  const userWith = async (count: number) => {
    const userId = newId();
    const photos = Array.from({ length: count }, () => photoRecord(userId));
    await feed.deliver(...photos.map(photoChanged));
    return { userId, ids: itemIds((await feed.get(userId, '?limit=500')).body.items) };
  };
  const page = async (userId: string, cursor: string | undefined, limit: number) =>
    (await feed.get(userId, `?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`)).body;

  it('no cursor is the beginning, and following the cursors visits everything once', async () => {
    const { userId, ids } = await userWith(7);
    expect(new Set(ids).size).toBe(7);
    const seen: string[][] = [];
    let cursor: string | undefined;
    let hasMore = true;
    while (hasMore) {
      const body = await page(userId, cursor, 3);
      seen.push(itemIds(body.items));
      ({ cursor, hasMore } = body);
    }
    expect(seen).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
  });

  it('a page that ends with the log says so', async () => {
    const { userId, ids } = await userWith(4);
    const first = await page(userId, undefined, 2);
    expect(first).toMatchObject({ hasMore: true });
    const second = await page(userId, first.cursor, 2);
    expect(itemIds(second.items)).toEqual(ids.slice(2));
    expect(second).toMatchObject({ hasMore: false });
  });

  it('the cursor of an empty page continues', async () => {
    const userId = newId();
    const empty = await page(userId, undefined, 10);
    expect(empty).toMatchObject({ items: [], hasMore: false, cursor: expect.any(String) });
    expect(await page(userId, empty.cursor, 10)).toEqual(empty);

    const photo = photoRecord(userId);
    await feed.deliver(photoChanged(photo));
    const next = await page(userId, empty.cursor, 10);
    expect(itemIds(next.items)).toEqual([photo.id]);
    const end = await page(userId, next.cursor, 10);
    expect(end).toMatchObject({ items: [], hasMore: false, cursor: next.cursor });
  });

  it('what moves to the end while a client pages is found there, and nothing else is missed', async () => {
    const { userId, ids } = await userWith(6);
    const moved = [ids[0], ids[4]].map((id) => photoRecord(userId, { id: id ?? '', version: 2 }));
    const first = await page(userId, undefined, 2);
    for (const photo of moved) await feed.deliver(photoChanged(photo));
    const follower = createFollower(feed, userId);
    const second = await page(userId, first.cursor, 2);
    const third = await page(userId, second.cursor, 2);
    const rest = [...itemIds(second.items), ...itemIds(third.items)];
    expect(rest).toEqual([ids[2], ids[3], ids[5], ids[0]]);
    expect(itemIds((await page(userId, third.cursor, 2)).items)).toEqual([ids[4]]);
    expect((await follower.catchUp(1)).photos.size).toBe(6);
  });

  it.each([
    'nonsense',
    '%00',
    encoded({}),
    encoded(null),
    encoded([1]),
    encoded({ e: 'no-uuid', s: 1 }),
    encoded({ e: newId(), s: -1 }),
    encoded({ e: newId(), s: 1.5 }),
    encoded({ e: newId(), s: '1' }),
    encoded({ e: newId(), s: 1e300 }),
    'x'.repeat(501),
  ])('the malformed cursor %s is 400', async (cursor) => {
    const reply = await feed.get(newId(), `?cursor=${cursor}`);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect(reply.headers.get('content-type')).toMatch('application/problem+json');
  });

  it('two cursors, or an empty one, are 400', async () => {
    for (const query of ['?cursor=a&cursor=b', '?cursor=']) {
      expect(await feed.get(newId(), query)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    }
  });

  it('a cursor of another epoch, or beyond the head, is 410', async () => {
    const { userId } = await userWith(2);
    const { cursor } = await page(userId, undefined, 10);
    const { e, s } = decoded(cursor);
    expect(s).toBe(2);
    for (const expired of [
      { e: newId(), s },
      { e, s: s + 1 },
      { e, s: Number.MAX_SAFE_INTEGER },
    ]) {
      const reply = await feed.get(userId, `?cursor=${encoded(expired)}`);
      expect(reply).toMatchObject({ status: 410, body: { code: 'cursor_expired' } });
    }
    // Another user's number is one that was never given in this log.
    expect(await feed.get(newId(), `?cursor=${cursor}`)).toMatchObject({ status: 410 });
  });

  it.each(['0', '501', '-1', '1.5', 'ten', '', '1&limit=2'])('the limit %j is 400', async (limit) => {
    const reply = await feed.get(newId(), `?limit=${limit}`);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toMatch(/^query\.limit/);
  });

  it('the default page has 100 entries, the largest 500', async () => {
    const { userId } = await userWith(101);
    expect((await feed.get(userId)).body).toMatchObject({ items: { length: 100 }, hasMore: true });
    expect((await page(userId, undefined, 500)).items).toHaveLength(101);
  });

  it('a page takes the same number of queries, however much it holds', async () => {
    const queries = countQueries(feed);
    const costs = new Set<number>();
    for (const count of [1, 4, 40]) {
      const userId = newId();
      const albums = Array.from({ length: count }, () => albumRecord(userId));
      const photos = Array.from({ length: count }, () => photoRecord(userId));
      await feed.deliver(...photos.map(photoChanged));
      // Behind the photos, so that each page that is counted has an album.
      const photoIds = photos.map(({ id }) => id);
      await feed.deliver(...albums.map((album) => albumChanged(album, photoIds)));
      const { cursor } = await page(userId, undefined, 1);
      const before = queries.count();
      expect((await page(userId, cursor, 500)).items).toHaveLength(2 * count - 1);
      costs.add(queries.count() - before);
    }
    expect(costs.size).toBe(1);
    expect([...costs][0]).toBeLessThanOrEqual(4);
  });
});

describeWithPostgres('the end of a log', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(() => feed.stop());

  it('a head cursor from before some changes leads to exactly those', async () => {
    const userId = newId();
    const before = photoRecord(userId);
    const start = await feed.service.api.headCursor(userId);
    await feed.deliver(photoChanged(before));
    const cursor = await feed.service.api.headCursor(userId);
    const after = [1, 2, 3].map(() => photoRecord(userId));
    for (const photo of after) await feed.deliver(photoChanged(photo));

    const page = async (from: string) => itemIds((await feed.get(userId, `?cursor=${from}`)).body.items);
    expect(await page(cursor)).toEqual(after.map(({ id }) => id));
    expect(await page(start)).toEqual([before.id, ...after.map(({ id }) => id)]);
  });

  it('reaches the catalog over HTTP as well, where the feed has a process of its own', async () => {
    const alone = await startFeed({ alone: true });
    try {
      const userId = newId();
      await alone.deliver(photoChanged(photoRecord(userId)));
      const ask = (of: string, headers: Record<string, string>) =>
        http(`${alone.url}/internal/users/${of}/head`, { headers });
      expect(await ask(userId, asService('catalog'))).toMatchObject({
        status: 200,
        body: { cursor: await alone.service.api.headCursor(userId) },
      });
      expect((await ask('nobody', asService('catalog'))).status).toBe(404);
      expect((await ask(userId, asService('upload'))).status).toBe(403);
      expect((await ask(userId, {})).status).toBe(403);
    } finally {
      await alone.stop();
    }
    expect((await http(`${feed.url}/internal/users/${newId()}/head`)).status).toBe(404);
  });

  it('several replicas that start on an empty database agree on one epoch', async () => {
    const fresh = await startFeed();
    try {
      const userId = newId();
      const cursors = await Promise.all(
        Array.from({ length: 8 }, () => fresh.service.api.headCursor(userId)),
      );
      expect(new Set(cursors).size).toBe(1);
    } finally {
      await fresh.stop();
    }
  });
});

/** Counts the statements that reach PostgreSQL through the service's pool. */
function countQueries(feed: Feed) {
  let count = 0;
  const { pool } = feed;
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  pool.query = ((...args: unknown[]) => {
    count += 1;
    return query(...args);
  }) as typeof pool.query;
  return { count: () => count };
}
