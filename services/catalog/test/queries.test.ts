import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';
import { fillLibrary, type Library } from './library.js';
import type { Statement } from './statements.js';

const SORTS = /Sort|Aggregate/;
/** The statements of pages of photos, of timelines and of covers. */
const PAGES = / AS page JOIN |RECURSIVE months|LEFT JOIN photos chosen/;

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** PostgreSQL plans a statement for its parameters, and one with a name after some uses once for any. */
const PLAN_MODES = ['custom', 'generic'] as const;
type PlanMode = (typeof PLAN_MODES)[number];

/** Returns a parameter as PostgreSQL reads it. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(textOf).join()}}`;
  if (value === null) throw new TypeError('a literal for null is not known here');
  return value instanceof Date ? value.toISOString() : String(value);
}

const blocksOf = ([root]: PlanNode[]): number =>
  (root?.['Shared Hit Blocks'] ?? 0) + (root?.['Shared Read Blocks'] ?? 0);

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
    for (const path of [
      '/photos?',
      '/albums?',
      '/tags?',
      `/albums/${albumId}/items?`,
      `/photos?albumId=${albumId}&`,
    ]) {
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

  it('is prepared for pages of the usual sizes, whatever their filters', async () => {
    const user = node.user();
    const albumId = await user.addAlbum();
    await user.addPhotos(3);
    const nameOf = async (query: string) => {
      const asked = await node.statements.during(() => user.call(`/photos?${query}`));
      return asked.find(({ text }) => PAGES.test(text))?.name;
    };
    const queries = ['', 'favorite=true', 'tag=Rome', `albumId=${albumId}`, 'sort=uploadedAt'];
    const names: unknown[] = [];
    for (const query of queries) names.push(await nameOf(`${query}&limit=100`));
    expect(names).toEqual(queries.map(() => expect.any(String)));
    expect(new Set(names).size).toBe(queries.length);
    expect(await nameOf('tag=Paris&limit=100')).toBe(names[2]);
    expect(await nameOf('limit=7')).toBeUndefined();
  });

  it('is not prepared for more than some combinations of filters, which stay in the memory of each connection', async () => {
    const user = node.user();
    const flags = ['', 'favorite=true&', 'favorite=false&'].flatMap((favorite) =>
      ['', 'archived=true&', 'archived=false&'].map((archived) => favorite + archived),
    );
    const asked = await node.statements.during(async () => {
      for (const query of flags.flatMap((flag) => [`${flag}trashed=true&`, `${flag}tag=Rome&`]))
        for (const sort of ['capturedAt', 'uploadedAt'])
          await user.call(`/photos?${query}sort=${sort}&limit=100`);
      await user.call('/photos?limit=100');
    });
    const pages = asked.filter(({ text }) => PAGES.test(text));
    expect(new Set(pages.flatMap(({ name }) => name ?? [])).size).toBeLessThanOrEqual(17);
    expect(pages.at(-1)?.name).toBe('page-100-capturedAt');
  });

  describe('with a million photos', () => {
    const library: Library = { user: newId(), big: newId(), small: newId() };
    beforeAll(() => fillLibrary(node.pool, library, 1_000_000));

    /** The plan of the statement that reads photos along an index, as the service itself asks for it. */
    const planOf = async (path: string, mode: PlanMode = 'custom'): Promise<PlanNode[]> => {
      const asked = await node.statements.during(async () => {
        const { status, text } = await node.user(library.user).call(path);
        if (status !== 200) throw new Error(text);
      });
      // The album may have been looked up before, and photos are made searchable in the background.
      return explain(asked.find(({ text }) => PAGES.test(text)) as Statement, mode);
    };
    const explain = async ({ text, values = [] }: Statement, mode: PlanMode): Promise<PlanNode[]> => {
      const client = await node.pool.connect();
      try {
        await client.query(`SET plan_cache_mode = force_${mode}_plan`);
        await client.query(`PREPARE page AS ${text}`);
        const literals = values.map((value) => client.escapeLiteral(textOf(value)));
        const parameters = literals.length > 0 ? `(${literals.join()})` : '';
        const { rows } = await client.query(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page${parameters}`,
        );
        return flatten(rows[0]['QUERY PLAN'][0].Plan);
      } finally {
        client.release(true);
      }
    };
    const pathOf = (query: string) => query.replace('BIG', library.big).replace('SMALL', library.small);
    const cursorAt = (year: number, by: string) =>
      Buffer.from(
        JSON.stringify({ by, at: Date.UTC(year, 0, 1), id: '00000000-0000-7000-8000-000000000000' }),
      ).toString('base64url');

    const filters = [
      '',
      'favorite=true',
      'favorite=false',
      'archived=true',
      'archived=false',
      'trashed=true',
      'tag=common',
      'tag=rare',
      'tag=Nobody',
      'albumId=BIG',
      'albumId=SMALL',
      'from=2010-03-01T00:00:00Z&to=2010-04-01T00:00:00Z',
      'favorite=true&archived=true',
      'tag=common&favorite=true',
      'tag=common&favorite=false&archived=true&trashed=true',
      'albumId=BIG&tag=common',
      'albumId=BIG&tag=rare&archived=false',
      'albumId=SMALL&tag=common',
      'albumId=BIG&tag=common&favorite=false&archived=true&from=1999-01-01T00:00:00Z&to=2015-01-01T00:00:00Z',
    ];
    const cases = filters.flatMap((filter) =>
      ['capturedAt', 'uploadedAt'].flatMap((sort) =>
        [undefined, 2020, 1996].map((year) => {
          const cursor = year === undefined ? '' : `&cursor=${cursorAt(year, sort)}`;
          const name = `${filter || 'everything'} by ${sort}, ${year ? `from ${year} on` : 'first page'}`;
          return [name, `/photos?limit=100&sort=${sort}${cursor}&${filter}`] as const;
        }),
      ),
    );

    /** Every scan goes along an index, without sorting, and reads no more rows than the page has. */
    const expectBounded = (plan: PlanNode[]) => {
      expect(plan.map((part) => part['Node Type']).filter((type) => SORTS.test(type))).toEqual([]);
      const scans = plan.filter((part) => /^(Seq|Index|Bitmap|Index Only) .*Scan$/.test(part['Node Type']));
      expect(scans.length).toBeGreaterThan(0);
      for (const scan of scans) {
        expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
        expect(scan['Rows Removed by Filter'] ?? 0).toBe(0);
      }
      for (const part of plan) expect(part['Actual Rows']).toBeLessThanOrEqual(101);
      // 101 rows by their ids, four blocks each, and the ways down into the ranges.
      expect(blocksOf(plan)).toBeLessThanOrEqual(600);
    };

    it.each(cases)('%s: a page of the list is read along one index', async (_name, path) => {
      for (const mode of PLAN_MODES) expectBounded(await planOf(pathOf(path), mode));
    });

    it.each([
      ['arranged by hand', '/albums/BIG/items?limit=100'],
      [
        'arranged by hand, far down',
        `/albums/BIG/items?limit=100&cursor=${Buffer.from(JSON.stringify({ by: 'position', position: 'e080000V', id: '00000000-0000-7000-8000-000000000000' })).toString('base64url')}`,
      ],
      ['by date', '/albums/SMALL/items?limit=100'],
    ])('so is one of an album %s', async (_name, path) => {
      for (const mode of PLAN_MODES) expectBounded(await planOf(pathOf(path), mode));
    });

    it.each(filters)(
      'the months are counted along the index, without rows of other selections: %s',
      async (filter) => {
        const plan = await planOf(pathOf(`/photos/timeline?zone=Europe/Berlin&${filter}`));
        const scans = plan.filter((part) => /Scan$/.test(part['Node Type']) && part['Relation Name']);
        expect(scans.length).toBeGreaterThan(0);
        for (const scan of scans) {
          // The index alone where the table has been vacuumed.
          expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
          expect(scan['Rows Removed by Filter'] ?? 0).toBe(0);
        }
      },
    );

    it('tags and covers are found at the beginnings of ranges', async () => {
      const user = node.user(library.user);
      expect((await user.call('/tags')).body.tags).toEqual([
        { name: 'common', count: expect.any(Number) },
        { name: 'rare', count: 97 },
      ]);
      const plan = await planOf('/albums?limit=100');
      for (const part of plan) expect(part['Actual Rows']).toBeLessThanOrEqual(10);
    });
  });
});
