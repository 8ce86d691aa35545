import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endpoints, type Photo } from '@lazyphotos/contracts';
import { type Database, openDatabase } from '@lazyphotos/database';
import { createMetrics } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import type { CatalogContext } from '../../src/context.js';
import { CatalogMetrics } from '../../src/metrics.js';
import { type CatalogDb, createPrisma } from '../../src/prisma.js';
import { searchPhotos } from '../../src/search/search.js';
import { type CatalogNode, mediaUrls, startCatalog } from '../harness.js';
import type { User } from '../user.js';
import { type Asked, createFinder, searchPath, setFacts } from './finder.js';

const day = (number: number) => new Date(Date.UTC(2024, 0, number)).toISOString();

describeWithPostgres('the pages of a search', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(() => node.stop());

  const idsOfPages = async (user: User, asked: Asked, limit: number) =>
    (await user.pages(searchPath(asked), limit)).flatMap((page) =>
      page.photos.map((photo: Photo) => photo.id),
    );

  it.each([1, 2, 3, 7, 50])('of %d: each photo once, by rank, then time, then id', async (limit) => {
    const user = node.user();
    const ids = await user.addPhotos(21, (index) => ({
      capturedAt: day(1 + (index % 4)),
      fileName: 'sea.jpg',
    }));
    for (const id of ids.filter((_, index) => index % 3 === 0))
      await setFacts(node.pool, id, { tags: ['sea'] });
    const whole = await createFinder(user).ids({ q: 'sea' });
    expect(new Set(whole)).toEqual(new Set(ids));
    expect(await idsOfPages(user, { q: 'sea' }, limit)).toEqual(whole);
    expect(await user.pages(searchPath({ q: 'sea' }), limit)).toHaveLength(Math.ceil(21 / limit));
  });

  describe('are in the same order, read in every way:', () => {
    const limits = { ranked: 12, walked: 5, window: 7 };
    let database: Database;
    let db: CatalogDb;
    beforeAll(() => {
      database = openDatabase({ url: node.databaseUrl, poolSize: 2, applicationName: 'pages-test' });
      db = createPrisma(database);
    });
    afterAll(async () => {
      await db.$disconnect();
      await database.close();
    });

    /** Reads all pages of four photos of a search, within these limits. */
    const pagesOfFour = (user: User) => {
      const metrics = new CatalogMetrics(createMetrics());
      const context = { db, mediaUrls, metrics } as Partial<CatalogContext> as CatalogContext;
      const all = async (asked: Asked) => {
        const ids: string[] = [];
        for (let cursor: string | null = null; ; ) {
          const query = endpoints.search.query.parse({ ...asked, limit: '4', ...(cursor ? { cursor } : {}) });
          const page = await searchPhotos(context, user.id, query, limits);
          ids.push(...page.photos.map(({ id }) => id));
          if (!page.hasMore) return ids;
          cursor = page.cursor;
        }
      };
      return { all, duration: metrics.searchDuration };
    };

    it.each([
      ['ranked', limits.ranked],
      ['too many to be ranked', limits.ranked + 1],
      ['in several windows', 40],
    ])('matches that are %s', async (_name, count) => {
      const user = node.user();
      const added = await user.addPhotos(count, (index) => ({
        capturedAt: day(1 + Math.floor(index / 3)),
        fileName: 'many.jpg',
        locationLat: 50,
        locationLon: 14,
      }));
      const best = [added[2] ?? '', added[5] ?? ''];
      for (const id of best) await setFacts(node.pool, id, { tags: ['many'] });
      const newestFirst = (await user.list('?limit=500')).body.photos.map((photo: Photo) => photo.id);
      const { all, duration } = pagesOfFour(user);
      for (const asked of [{ near: '50,14' }, { bbox: '13,49,15,51' }, { from: day(0) }])
        expect(await all(asked)).toEqual(newestFirst);
      const ranked = [
        ...newestFirst.filter((id: string) => best.includes(id)),
        ...newestFirst.filter((id: string) => !best.includes(id)),
      ];
      expect(await all({ q: 'many' })).toEqual(count <= limits.ranked ? ranked : newestFirst);
      expect(await all({ q: 'many', near: '50,14' })).toEqual(count <= limits.ranked ? ranked : newestFirst);
      // Between photos that do not match: the walk does not fill the page, nor does each window.
      await user.addPhotos(30, (index) => ({ capturedAt: day(1 + index), fileName: 'other.jpg' }));
      expect(await all({ q: 'many' })).toEqual(count <= limits.ranked ? ranked : newestFirst);
      expect(await all({ near: '50,14', q: 'm' })).toEqual(count <= limits.ranked ? ranked : newestFirst);
      const { values } = await duration.get();
      const measured = values.filter(({ metricName }) => metricName?.endsWith('_count'));
      expect(measured.map(({ labels }) => labels.kind)).toEqual(['place', 'filters', 'words', 'words_place']);
    });

    it.each<[string, Asked]>([
      ['the whole list', { from: day(0) }],
      ['favourites', { favorite: true }],
      ['what is in the archive', { archived: true }],
      ['favourites outside of the archive', { favorite: true, archived: false }],
      ['some weeks', { from: day(4), to: day(21) }],
    ])('matches far apart, in any order of upload: %s', async (_name, filter) => {
      const user = node.user();
      // By days: many matches, none, many again; several photos of each day.
      const isMatch = (index: number) => index % 8 < 3 || index % 8 === 6;
      const ids = await user.addPhotos(96, (index) => ({
        capturedAt: day(1 + ((index * 7) % 24)),
        fileName: (index * 7) % 24 < 6 || (index * 7) % 24 > 15 ? 'many.jpg' : 'other.jpg',
        ...(index % 3 === 0 ? { locationLat: 50, locationLon: 14 } : {}),
      }));
      for (const [index, id] of ids.entries())
        await setFacts(node.pool, id, { favorite: isMatch(index), archived: index % 5 < 2 });
      const asked = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));
      const listed: Photo[] = (await user.list(`?limit=500&${new URLSearchParams(asked)}`)).body.photos;
      const expected = (test: (photo: Photo) => boolean) => listed.filter(test).map(({ id }) => id);
      const { all } = pagesOfFour(user);
      expect(await all(asked)).toEqual(expected(() => true));
      const named = expected((photo) => photo.fileName === 'many.jpg');
      expect(named.length).toBeGreaterThan(limits.ranked);
      expect(await all({ ...asked, q: 'many' })).toEqual(named);
      expect(await all({ ...asked, near: '50,14' })).toEqual(
        expected((photo) => photo.locationLat !== undefined),
      );
    });
  });

  it('have cursors that no other search takes', async () => {
    const user = node.user();
    await user.addPhotos(3, () => ({ fileName: 'sea sun.jpg' }));
    const finder = createFinder(user);
    const { cursor } = (await finder.ask({ q: 'sea', limit: 1 })).body;
    expect((await finder.ask({ q: 'sea', limit: 2, cursor })).body.photos).toHaveLength(2);
    for (const asked of [
      { q: 'sun' },
      { q: 'sea', favorite: false },
      { q: 'sea', near: '1,1' },
      { from: day(1) },
    ] as Asked[])
      expect(await finder.ask({ ...asked, cursor })).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      });
    const listCursor = (await user.list('?limit=1')).body.cursor;
    expect((await finder.ask({ q: 'sea', cursor: listCursor })).body.code).toBe('invalid_cursor');
    expect((await user.list(`?cursor=${cursor}`)).status).toBe(200);
  });

  it.each<[string, object]>([
    ['an unknown order', { order: 'best' }],
    ['a rank without that order', { order: 'time' }],
    ['that order without a rank', { rank: undefined }],
    ['a negative rank', { rank: -1 }],
    ['a rank that is text', { rank: '1' }],
    ['a far time', { at: 9e15 }],
    ['no id', { id: 'x' }],
    ['no query', { query: undefined }],
  ])('refuse a cursor that was made up: %s', async (_name, change) => {
    const user = node.user();
    await user.addPhotos(2, () => ({ fileName: 'sea.jpg' }));
    const finder = createFinder(user);
    const { cursor } = (await finder.ask({ q: 'sea', limit: 1 })).body;
    const content = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const made = Buffer.from(JSON.stringify({ ...content, ...change })).toString('base64url');
    const reply = await finder.ask({ q: 'sea', cursor: made });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  it("give nothing of the other's to a cursor of another user", async () => {
    const [owner, stranger] = [node.user(), node.user()];
    await owner.addPhotos(3, () => ({ fileName: 'sea.jpg' }));
    const { cursor } = (await createFinder(owner).ask({ q: 'sea', limit: 1 })).body;
    expect((await createFinder(stranger).ask({ q: 'sea', cursor })).body.photos).toEqual([]);
  });

  it('go on where they were when photos come and go', async () => {
    const user = node.user();
    const ids = await user.addPhotos(5, (index) => ({ capturedAt: day(20 - index), fileName: 'sea.jpg' }));
    const finder = createFinder(user);
    const { cursor } = (await finder.ask({ q: 'sea', limit: 2 })).body;
    await user.purge(ids[1] ?? '');
    await user.addPhoto({ capturedAt: day(30), fileName: 'sea.jpg' });
    expect(await finder.ids({ q: 'sea', cursor })).toEqual(ids.slice(2));
  });

  it('take few statements, however long they are', async () => {
    const user = node.user();
    await user.addPhotos(30, () => ({ fileName: 'sea.jpg' }));
    for (const asked of [{ q: 'sea' }, { favorite: false }, { near: '0,0', q: 'sea' }] as Asked[]) {
      const countFor = async (limit: number) =>
        (await node.statements.during(() => createFinder(user).ask({ ...asked, limit }))).length;
      expect(await countFor(25)).toBeLessThanOrEqual(2);
    }
  });
});
