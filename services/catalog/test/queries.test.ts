import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';
import type { Statement } from './statements.js';

const SORTS = /Sort|Aggregate/;

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];

describeWithPostgres('how much is asked of the database', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(() => node.stop());

  it('does not grow with the page', async () => {
    const user = node.user();
    const ids = await user.addPhotos(60);
    const albumId = await user.addAlbum();
    await user.addItems(albumId, ids);
    for (let n = 0; n < 20; n += 1) await user.addAlbum();
    const countFor = async (path: string) => (await node.statements.during(() => user.call(path))).length;
    for (const path of ['/photos?', '/albums?', `/albums/${albumId}/items?`, `/photos?albumId=${albumId}&`]) {
      const few = await countFor(`${path}limit=2`);
      expect(few).toBeGreaterThan(0);
      expect(await countFor(`${path}limit=20`)).toBe(few);
    }
  });

  it('does not grow with the photos that are put into an album, nor with the albums that a photo is in', async () => {
    const user = node.user();
    const ids = await user.addPhotos(30);
    const [one = '', two = ''] = ids;
    const countFor = async (work: () => Promise<unknown>) => (await node.statements.during(work)).length;
    const first = await user.addAlbum();
    const alone = await countFor(() => user.addItems(first, [one]));
    expect(await countFor(() => user.addItems(first, ids.slice(2)))).toBe(alone);

    const inOne = await countFor(() => user.trash(one));
    const backInOne = await countFor(() => user.restore(one));
    for (let n = 0; n < 10; n += 1) await user.addItems(await user.addAlbum(), [two]);
    expect(await countFor(() => user.trash(two))).toBe(inOne);
    expect(await countFor(() => user.restore(two))).toBe(backInOne);
  });

  describe('with 200,000 photos', () => {
    const library = { user: '', albumId: '' };
    beforeAll(async () => {
      const user = node.user();
      library.user = user.id;
      library.albumId = await user.addAlbum();
      await node.pool.query(
        `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at, updated_at, is_deleted)
         SELECT gen_random_uuid(), CASE WHEN n % 4 = 0 THEN gen_random_uuid() ELSE $1::uuid END, repeat('0', 64), 'originals/x', 'x.jpg', 1,
           'image/jpeg', t, t, t, n % 50 = 0
         FROM (SELECT n, timestamptz '2000-01-01' + n * interval '1 hour' + random() * interval '1 year' AS t
           FROM generate_series(1, 200000) AS n) AS made`,
        [user.id],
      );
      await node.pool.query(
        `INSERT INTO album_items (album_id, photo_id, added_at)
         SELECT $1, id, now() FROM photos WHERE user_id = $2 ORDER BY id LIMIT 300`,
        [library.albumId, user.id],
      );
      await node.pool.query('ANALYZE');
    });

    /** The plan of the statement that reads the page's photos, as the service itself asks for it. */
    const planOf = async (path: string): Promise<PlanNode[]> => {
      const asked = await node.statements.during(() => node.user(library.user).call(path));
      const page = asked.find(({ text }) => text.includes('ORDER BY')) as Statement;
      const { rows } = await node.pool.query(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${page.text}`,
        page.values,
      );
      return flatten(rows[0]['QUERY PLAN'][0].Plan);
    };
    const blocksOf = ([root]: PlanNode[]): number =>
      (root?.['Shared Hit Blocks'] ?? 0) + (root?.['Shared Read Blocks'] ?? 0);
    const cursorAt = (year: number) => {
      const at = Date.UTC(year, 0, 1);
      return Buffer.from(JSON.stringify({ at, id: '80000000-0000-4000-8000-000000000000' })).toString(
        'base64url',
      );
    };

    it.each([
      ['the first page', ''],
      ['a page in the middle', `&cursor=${cursorAt(2010)}`],
      ['one of the last pages', `&cursor=${cursorAt(2001)}`],
      ['a page of the trash', '&trashed=true'],
      ['a month', '&from=2010-03-01T00:00:00Z&to=2010-04-01T00:00:00Z'],
    ])('%s is read along the index, without sorting', async (_name, query) => {
      const plan = await planOf(`/photos?limit=100${query}`);
      const types = plan.map((part) => part['Node Type']);
      expect(types.filter((type) => SORTS.test(type))).toEqual([]);
      const scans = plan.filter((part) => part['Node Type'].includes('Scan'));
      expect(scans.map((scan) => scan['Index Name'])).toEqual(['photos_user_id_is_deleted_sort_at_id_idx']);
      expect(scans[0]?.['Actual Rows']).toBeLessThanOrEqual(101);
      expect(scans[0]?.['Rows Removed by Filter'] ?? 0).toBeLessThanOrEqual(5);
    });

    it('a page far down costs what the first one costs', async () => {
      const first = blocksOf(await planOf('/photos?limit=100'));
      const last = blocksOf(await planOf(`/photos?limit=100&cursor=${cursorAt(2001)}`));
      expect(last).toBeLessThanOrEqual(first * 1.5 + 10);
    });

    it('a page of a small album does not read the whole library', async () => {
      const plan = await planOf(`/albums/${library.albumId}/items?limit=100`);
      const read = plan.map((part) => part['Actual Rows'] + (part['Rows Removed by Filter'] ?? 0));
      expect(Math.max(...read)).toBeLessThanOrEqual(1000);
    });
  });
});
