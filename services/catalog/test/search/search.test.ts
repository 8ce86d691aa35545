import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from '../harness.js';
import type { User } from '../user.js';
import { type Asked, createFinder, type Facts, setFacts } from './finder.js';

const day = (number: number) => new Date(Date.UTC(2024, 0, number)).toISOString();
const NFD_QUERY = 'Průhonice'.normalize('NFD');

/** The cases that were collected beside the repository, else the same written down here. */
function diacriticsCases(): [string, number][] {
  const path = fileURLToPath(
    new URL('../../../../../shared/field/search-diacritics/expected.json', import.meta.url),
  );
  if (!existsSync(path))
    return [
      ['pruhonice', 2],
      ['PRŮHONICE', 2],
      ['průhon', 2],
      [NFD_QUERY, 2],
    ];
  const { checks } = JSON.parse(readFileSync(path, 'utf8')) as { checks: Record<string, unknown>[] };
  return checks.flatMap((check) =>
    Object.entries(check).flatMap(([name, count]) => {
      const [, text, form] = /^GET \/search\?q=(.*?)( \(NFD\))?$/.exec(name) ?? [];
      return text === undefined
        ? []
        : [[form ? text.normalize('NFD') : text.normalize('NFC'), Number(count)] as [string, number]];
    }),
  );
}

describeWithPostgres('search', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  /** Photos of a new user, the first one being the newest. */
  const library = async (...photos: Facts[]) => {
    const user = node.user();
    const ids = await user.addPhotos(photos.length, (index) => ({
      capturedAt: day(28 - index),
      fileName: photos[index]?.file_name ?? 'x.jpg',
    }));
    for (const [index, facts] of photos.entries()) await setFacts(node.pool, ids[index] ?? '', facts);
    const finder = createFinder(user);
    /** The numbers of the photos found, in their order. */
    const find = async (asked: Asked) => (await finder.ids(asked)).map((id) => ids.indexOf(id));
    return { user, ids, find, ask: finder.ask };
  };
  const named = (...names: string[]) => library(...names.map((file_name) => ({ file_name })));

  describe('finds words', () => {
    it('in any case, with or without accents, composed or not', async () => {
      const { find } = await named(
        'Průhonice.jpg'.normalize('NFC'),
        'Průhonice.jpg'.normalize('NFD'),
        'Pruh.jpg',
      );
      for (const [q, count] of diacriticsCases())
        expect([q, await find({ q })]).toEqual([q, [0, 1].slice(0, count)]);
      expect(await find({ q: 'pruh' })).toEqual([2, 0, 1]);
    });

    it.each([
      ['STRASSE', 'Straße.jpg'],
      ['straße', 'Strasse.jpg'],
      ['Orsted', 'Ørsted.jpg'],
      ['lodz', 'Łódź 2024.jpg'],
      ['istanbul', 'İstanbul.jpg'],
      ['ISPARTA', 'ısparta.jpg'],
      ['οδος', 'ΟΔΌΣ.jpg'],
      ['елка', 'Ёлка.jpg'],
      ['москва', 'МОСКВА.jpg'],
      ["l'ete", 'l’été.jpg'],
      ['ete', 'l’été.jpg'],
      ['johns', "John's house.jpg"],
      ['20240501', 'IMG_20240501_101112.jpg'],
      ['20240501', 'IMG20240501.jpg'],
      ['img_2024', 'IMG_20240501.jpg'],
      ['castle', 'PragueCastle.jpg'],
      ['praguecastle', 'PragueCastle.jpg'],
      ['PragueCastle', 'prague-castle.jpg'],
      ['"prague castle"', 'PragueCastle.jpg'],
      ['京都', '東京都庁.jpg'],
      ['都', '東京都庁.jpg'],
      ['庁', '東京都庁.jpg'],
      ['タワー', '東京タワー2024.jpg'],
      ['タワ', '東京ﾀﾜｰ.jpg'],
      ['타워', '서울타워.jpg'],
      ['กรุงเทพ', 'ถนนกรุงเทพมหานคร.jpg'],
      ['"東京 タワー"', '東京 タワー.jpg'],
      ['sea', '🌊Sea🌊.jpg'],
      ['hotel 🏨 sea', 'sea hotel.jpg'],
    ])('%s in %s', async (q, fileName) => {
      const { find } = await named(fileName, 'other.png');
      expect(await find({ q })).toEqual([0]);
    });

    it.each([
      ['東京', '京東.jpg'],
      ['か', 'が.jpg'],
      ['castle', 'newcastle.jpg'],
      ['"prague cas"', 'prague castle.jpg'],
      ['"castle prague"', 'prague castle.jpg'],
      ['"prague castle"', 'prague old castle.jpg'],
      ['prague paris', 'prague.jpg'],
      ['#prague', 'x.jpg'],
    ])('not %s in %s', async (q, fileName) => {
      const { find } = await named(fileName);
      expect(await find({ q })).toEqual([]);
    });

    it('in the name, tags, description, place in every language, camera and lens', async () => {
      const { find } = await library(
        { file_name: 'wordaa.jpg' },
        { tags: ['Summer Wordbb'] },
        { description: 'A long\nwordcc.' },
        {
          place: { city: 'Wordpraha', region: 'Wordbohemia', country: 'Wordczechia', countryCode: 'QZ' },
        },
        { camera_make: 'Worddd' },
        { camera_model: 'Wordee 7' },
        { lens_model: 'EF Wordff' },
        { place: { city: 'Dubai', country: 'United Arab Emirates', countryCode: 'AE' } },
      );
      expect((await find({ q: 'word' })).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      for (const [index, q] of [
        'wordaa',
        'wordbb',
        'wordcc',
        'wordpraha',
        'worddd',
        'wordee',
        'wordff',
      ].entries())
        expect([q, await find({ q })]).toEqual([q, [index]]);
      for (const q of ['wordbohemia', 'wordczechia', 'wordprah wordcz'])
        expect([q, await find({ q })]).toEqual([q, [3]]);
      for (const q of ['dubai', 'Dubaï', 'dubajus', 'ドバイ', 'دبي', 'Vereinigte Arabische Emirate'])
        expect([q, await find({ q })]).toEqual([q, [7]]);
      expect(await find({ q: 'qz' })).toEqual([]);
    });

    it('as phrases within one field only', async () => {
      const { find } = await library(
        { file_name: 'red', description: 'car' },
        { tags: ['red', 'car'] },
        { tags: ['red car'] },
        { description: 'the Red, car!' },
        { camera_make: 'Red', camera_model: 'Car' },
      );
      expect((await find({ q: '"red car"' })).sort()).toEqual([2, 3]);
      expect((await find({ q: 'red car' })).sort()).toEqual([0, 1, 2, 3, 4]);
      expect((await find({ q: '"red ca' })).sort()).toEqual([2, 3]);
      expect((await find({ q: '"red ca"' })).sort()).toEqual([]);
      expect((await find({ q: '„red car“' })).sort()).toEqual([2, 3]);
    });

    it.each([
      "a' | 'b",
      "' OR 1=1 --",
      '"',
      '"""',
      'a & | ! ( ) :* <->',
      "\\' \\",
      ':*',
      "a:*'",
      '!a',
      '\u0000a',
      '()"<2>',
      '\ud800a',
    ])('in any text, which has no operators: %j', async (q) => {
      const { ask } = await named('a.jpg');
      expect((await ask({ q })).status).toBe(200);
    });

    it('in no photo for a text without a letter or digit', async () => {
      const { find } = await named('a.jpg');
      expect(await find({ q: '!?' })).toEqual([]);
      expect(await find({ q: '🎉', favorite: false })).toEqual([]);
    });
  });

  it('ranks tags and names over descriptions, places and cameras, whole words over beginnings, then by time', async () => {
    const { find } = await library(
      { camera_model: 'Sun' },
      { place: { city: 'Sun' } },
      { description: 'sun' },
      { file_name: 'sun' },
      { tags: ['sun'] },
      { tags: ['sunset'] },
      { tags: ['sun'] },
      { description: 'nothing' },
    );
    expect(await find({ q: 'sun' })).toEqual([3, 4, 6, 5, 2, 1, 0]);
  });

  describe('has filters', () => {
    it('alone, newest first, and together with words', async () => {
      const { find } = await library(
        { file_name: 'sea one', favorite: true },
        { file_name: 'sea two', archived: true },
        { file_name: 'hill', favorite: true },
      );
      expect(await find({ favorite: true })).toEqual([0, 2]);
      expect(await find({ favorite: true, q: 'sea' })).toEqual([0]);
      expect(await find({ archived: true })).toEqual([1]);
      expect(await find({ archived: false })).toEqual([0, 2]);
      expect(await find({ q: 'sea' })).toEqual([0, 1]);
      expect(await find({ from: day(27), to: day(28) })).toEqual([1]);
      expect(await find({ q: 'sea', to: day(28) })).toEqual([1]);
      expect(await find({ q: '', from: day(28) })).toEqual([0]);
    });

    it('for whole tags, without case', async () => {
      const { find } = await library(
        { tags: ['Été à la mer'] },
        { tags: ['été'] },
        { file_name: 'ete' },
        { tags: ["it's #1 \\ 'x'"] },
      );
      expect(await find({ tag: 'ÉTÉ' })).toEqual([1]);
      expect(await find({ tag: 'été à la mer'.normalize('NFD') })).toEqual([0]);
      expect(await find({ tag: 'ete' })).toEqual([]);
      expect(await find({ tag: "It's #1 \\ 'X'" })).toEqual([3]);
      expect(await find({ tag: 'Été', q: 'ete' })).toEqual([1]);
    });

    it('for the camera, by whole words of make and model', async () => {
      const { find } = await library(
        { camera_make: 'Apple', camera_model: 'iPhone 12' },
        { camera_make: 'Canon', camera_model: 'Canon EOS 5D Mark IV' },
        { camera_make: 'SONY', camera_model: 'ILCE-7M3', lens_model: 'Canon EF 50mm' },
        { description: 'canon' },
      );
      expect(await find({ camera: 'canon' })).toEqual([1]);
      expect(await find({ camera: 'iPhone 12' })).toEqual([0]);
      expect(await find({ camera: 'apple iphone' })).toEqual([0]);
      expect(await find({ camera: 'iPhone 1' })).toEqual([]);
      expect(await find({ camera: '5D' })).toEqual([1]);
      expect(await find({ camera: 'ilce-7m3' })).toEqual([2]);
      expect(await find({ camera: 'canon', q: 'mark' })).toEqual([1]);
      expect(await find({ camera: '--' })).toEqual([]);
    });

    it('for an album', async () => {
      const { user, ids, find, ask } = await named('sea 1', 'sea 2', 'hill');
      const albumId = await user.addAlbum();
      await user.addItems(albumId, [ids[1] ?? '', ids[2] ?? '']);
      expect(await find({ albumId })).toEqual([1, 2]);
      expect(await find({ albumId, q: 'sea' })).toEqual([1]);
      expect(await ask({ albumId: newId() })).toMatchObject({ status: 404, body: { code: 'not_found' } });
      const foreign = await node.user().addAlbum();
      expect((await ask({ albumId: foreign, q: 'sea' })).status).toBe(404);
    });
  });

  it('shows neither the trash nor the photos of others', async () => {
    const { user, ids, find } = await named('secret 1', 'secret 2');
    const stranger = createFinder(node.user());
    await user.trash(ids[0] ?? '');
    expect(await find({ q: 'secret' })).toEqual([1]);
    expect(await stranger.ids({ q: 'secret' })).toEqual([]);
    expect(await stranger.ids({ to: day(60) })).toEqual([]);
    await user.restore(ids[0] ?? '');
    expect(await find({ q: 'secret' })).toEqual([0, 1]);
  });

  it('responds with photos as the list does', async () => {
    const { user, ids, ask } = await named('one');
    const { body } = await ask({ q: 'one' });
    expect(body).toEqual({
      photos: [(await user.photo(ids[0] ?? '')).body],
      cursor: expect.any(String),
      hasMore: false,
    });
    expect((await ask({ q: 'two' })).body).toEqual({ photos: [], cursor: null, hasMore: false });
  });

  it.each<[string, Asked]>([
    ['q', {}],
    ['q', { q: '  ' }],
    ['q', { limit: 5 }],
    ['q', { q: 'x'.repeat(201) }],
    ['q', { q: 'x '.repeat(21) }],
    ['camera', { camera: 'x '.repeat(21) }],
    ['near', { near: '50' }],
    ['near', { near: '91,0' }],
    ['near', { near: '0,181' }],
    ['near', { near: 'a,b' }],
    ['near', { near: 'NaN,1' }],
    ['near', { near: '1,2,3' }],
    ['radiusKm', { near: '1,2', radiusKm: 0 }],
    ['radiusKm', { near: '1,2', radiusKm: -1 }],
    ['radiusKm', { near: '1,2', radiusKm: 20_041 }],
    ['radiusKm', { near: '1,2', radiusKm: 'Infinity' }],
    ['radiusKm', { q: 'a', radiusKm: 5 }],
    ['bbox', { bbox: '1,2,3' }],
    ['bbox', { bbox: '1,5,3,4' }],
    ['bbox', { bbox: '-181,0,0,1' }],
    ['bbox', { bbox: '0,0,1,91' }],
    ['from', { from: 'yesterday' }],
    ['tag', { tag: '' }],
    ['albumId', { albumId: 'x' }],
    ['favorite', { favorite: 'maybe' }],
    ['limit', { q: 'a', limit: 501 }],
  ])('refuses a wrong %s: %j', async (name, asked) => {
    const reply = await createFinder(node.user()).ask(asked);
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.errors[0].path).toBe(`query.${name}`);
  });

  it('requires a user', async () => {
    const reply = await node.user().call('/search?q=a', { token: undefined });
    expect(reply.status).toBe(401);
  });
});

describeWithPostgres('search in a database of the locale C', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog({ locale: 'C' });
  });
  afterAll(() => node.stop());

  const upload = (user: User, ...names: string[]) =>
    user.addPhotos(names.length, (index) => ({ fileName: names[index] ?? '', capturedAt: day(20 - index) }));

  it('finds the same', async () => {
    const user = node.user();
    const { ids } = createFinder(user);
    const photos = await upload(
      user,
      'Průhonice.jpg'.normalize('NFC'),
      'Průhonice.jpg'.normalize('NFD'),
      'Pruh.jpg',
      '東京タワー.jpg',
      'ΟΔΌΣ Ёлка İstanbul.jpg',
    );
    for (const [q, count] of diacriticsCases()) expect(await ids({ q })).toEqual(photos.slice(0, count));
    expect(await ids({ q: 'タワー' })).toEqual([photos[3]]);
    expect(await ids({ q: '"οδος елка" istan' })).toEqual([photos[4]]);
  });
});
