import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MAX_PAGE_BYTES, type MetadataResult } from '@lazyphotos/contracts';
import { countBytesRead, describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';
import type { User } from './user.js';
import { idsOf, share, visitorOf } from './visitor.js';

/** Texts that are as long as they may be. */
const DESCRIPTION = '"'.repeat(10_000);
const TAGS = Array.from({ length: 100 }, (_, index) => `${'ä'.repeat(90)} ${index}`);
const COUNT = 60;

describeWithPostgres('the size of a page', () => {
  let node: CatalogNode;
  let user: User;
  let albumIds: string[];
  let trashed: string[];
  let read: () => number;
  beforeAll(async () => {
    node = await startCatalog();
    read = countBytesRead(node.pool);
    user = node.user();
    const ids = await user.addPhotos(2 * COUNT);
    await node.pool.query(
      'UPDATE photos SET description = $2, tags = $3, tag_keys = $3, search_words = $4 WHERE user_id = $1',
      [user.id, DESCRIPTION, TAGS, "'jpg':1"],
    );
    trashed = ids.slice(COUNT);
    const shown = ids.slice(0, COUNT);
    albumIds = [await user.addAlbum('by date'), await user.addAlbum('by hand', { order: 'manual' })];
    for (const id of albumIds) await user.addItems(id, shown);
    await user.deleteAll(trashed);
  });
  afterAll(() => node.stop());

  /** Reads a list to its end. Returns how many items it has, and the size of its largest page in the response and from PostgreSQL. */
  async function readAll(path: string, items: string) {
    const ids: string[] = [];
    const largest = { response: 0, read: 0 };
    let pages = 0;
    for (let cursor = '', hasMore = true; hasMore; pages += 1) {
      const before = read();
      const { status, text, body } = await user.call(`${path}limit=500${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      largest.read = Math.max(largest.read, read() - before);
      largest.response = Math.max(largest.response, Buffer.byteLength(text));
      ids.push(...body[items].map(({ id }: { id: string }) => id));
      ({ cursor, hasMore } = body);
    }
    return { ids, pages, largest };
  }

  it.each([
    ['photos', '/photos?', 'photos'],
    ['photos with a tag', `/photos?tag=${encodeURIComponent(TAGS[0] ?? '')}&`, 'photos'],
    ['the trash', '/photos?trashed=true&', 'photos'],
    ['an album by date', '/albums/0/items?', 'items'],
    ['an album by hand', '/albums/1/items?', 'items'],
    ['a search by time', '/search?favorite=false&', 'photos'],
    ['a search by words', '/search?q=jpg&', 'photos'],
  ])('is limited in bytes for %s', async (_name, path, items) => {
    const own = path.replace(/\d(?=\/items)/, (index) => albumIds[Number(index)] ?? '');
    const { ids, pages, largest } = await readAll(own, items);
    expect(ids).toHaveLength(COUNT);
    expect(new Set(ids).size).toBe(COUNT);
    expect(pages).toBeGreaterThan(1);
    expect(largest.response).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(largest.read).toBeLessThanOrEqual(1.5 * MAX_PAGE_BYTES);
  });

  it('is limited in bytes for a shared album', async () => {
    const { token } = await share(user, { albumId: albumIds[0] });
    const visitor = visitorOf(node);
    const ids: string[] = [];
    for (let cursor = '', hasMore = true; hasMore; ) {
      const reply = await visitor.content(token, { query: `?limit=500${cursor && `&cursor=${cursor}`}` });
      expect(Buffer.byteLength(reply.text)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
      ids.push(...idsOf(reply));
      ({ cursor, hasMore } = reply.body);
    }
    expect(new Set(ids).size).toBe(COUNT);
    expect(ids).toHaveLength(COUNT);
  });

  it('is limited in bytes for the results of a batch: those at the end come without the photo', async () => {
    const ids = [...(await readAll('/photos?', 'photos')).ids, ...trashed];
    const { text, body } = await user.editAll(ids.map((id) => ({ id, favorite: true })));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    const { results } = body as { results: MetadataResult[] };
    expect(results.map(({ status }) => status)).toEqual(ids.map(() => 'ok'));
    expect(results[0]?.photo).toMatchObject({ favorite: true });
    expect(results.at(-1)).not.toHaveProperty('photo');
  });

  it('is limited in bytes for albums with long descriptions', async () => {
    await node.pool.query(
      `INSERT INTO albums (id, user_id, name, description, created_at, updated_at)
       SELECT gen_random_uuid(), $1, 'Summer', repeat('"', 5000), now(), now() FROM generate_series(1, 300)`,
      [user.id],
    );
    const { ids, pages, largest } = await readAll('/albums?', 'albums');
    expect(ids).toHaveLength(302);
    expect(new Set(ids).size).toBe(302);
    expect(pages).toBeGreaterThan(1);
    expect(largest.response).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(largest.read).toBeLessThanOrEqual(1.5 * MAX_PAGE_BYTES);
  });
});
