import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchSidecars, matchXmp, type NamedSidecar, pairVideos } from '../src/index.js';
import { matchNames } from './matching.js';
import { exportFolder, titles } from './takeout-naming.js';

/** Titles that are the same in their first 46 characters have tests of their own. */
const folder = fc.record({
  titles: fc.uniqueArray(titles, {
    minLength: 1,
    maxLength: 30,
    selector: (title) => title.slice(0, 46).toLowerCase(),
  }),
  suffix: fc.constantFrom<('' | '.supplemental-metadata')[]>('', '.supplemental-metadata'),
});

/** Names that are made of the same few parts, so that many of them are alike. */
const parts = [
  'IMG_1',
  'IMG_1',
  'x'.repeat(44),
  '(1)',
  '(2)',
  '-edited',
  '-e',
  '~2',
  '.jpg',
  '.MP',
  '.HEIC',
  '.MP4',
  '.',
  '.s',
  ' ',
];
const names = fc.uniqueArray(
  fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 5 }).map((name) => name.join('')),
  { maxLength: 25 },
);
const sidecarNames = names.map((all) => all.map((name) => `${name}.json`));

describe('matching', () => {
  test('finds the sidecar of every photo that is named as Google names them', () => {
    fc.assert(
      fc.property(folder, ({ titles: all, suffix }) => {
        const files = exportFolder(all, suffix);
        const found = matchNames(
          files.map(({ media }) => media),
          files.map(({ sidecar, title }) => ({ name: sidecar, title })),
        );
        expect(
          Object.fromEntries(Object.entries(found).map(([media, [sidecar]]) => [media, sidecar])),
        ).toEqual(Object.fromEntries(files.map(({ media, sidecar }) => [media, sidecar])));
      }),
      { numRuns: 500 },
    );
  });

  test('finds the sidecar of a photo by the name alone, without the titles', () => {
    fc.assert(
      fc.property(titles, folder, (title, { suffix }) => {
        const [file] = exportFolder([title], suffix);
        expect(matchNames([file?.media ?? ''], [file?.sidecar ?? ''])).toHaveProperty(
          [file?.media ?? '', '0'],
          file?.sidecar,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('numbers repeated names, and finds each one', () => {
    fc.assert(
      fc.property(titles, fc.integer({ min: 2, max: 12 }), folder, (title, count, { suffix }) => {
        const files = exportFolder(
          Array.from({ length: count }, () => title),
          suffix,
        );
        const found = matchNames(
          files.map(({ media }) => media),
          files.map(({ sidecar }) => sidecar),
        );
        expect(files.map(({ media }) => found[media]?.[0])).toEqual(files.map(({ sidecar }) => sidecar));
      }),
    );
  });

  test('does not depend on the order of the files', () => {
    fc.assert(
      fc.property(
        names.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        sidecarNames.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([media, shuffledMedia], [sidecars, shuffledSidecars]) => {
          expect(matchNames(shuffledMedia, shuffledSidecars)).toEqual(matchNames(media, sidecars));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('gives no photo two sidecars, and no two ordinary photos the same', () => {
    fc.assert(
      fc.property(names, sidecarNames, (media, sidecars) => {
        const found = matchSidecars(
          media.map((name) => ({ id: name, name })),
          sidecars.map((name) => ({ id: name, name })),
        );
        expect(new Set(found.map(({ mediaId }) => mediaId)).size).toBe(found.length);
        const shared = ['motion', 'edited', 'forgotten-duplicate'];
        const own = found.filter(({ rule }) => !shared.includes(rule));
        expect(new Set(own.map(({ sidecarId }) => sidecarId)).size).toBe(own.length);
      }),
      { numRuns: 500 },
    );
  });

  test('never gives a numbered photo the sidecar without a number', () => {
    const short = fc.stringMatching(/^[A-Za-z0-9_]{1,20}$/);
    const number = fc.integer({ min: 1, max: 999 });
    fc.assert(
      fc.property(short, number, fc.constantFrom('', '-edited', '.MP', '~2'), (stem, count, end) => {
        const media = [`${stem}(${count}).jpg`, `${stem}${end}(${count}).jpg`, `${stem}(${count})${end}.jpg`];
        const sidecars = [
          '.jpg.json',
          '.json',
          '.jpg.supplemental-metadata.json',
          '.jpg.s.json',
          '.HEIC.json',
        ];
        expect(
          matchNames(
            [...new Set(media)],
            sidecars.map((sidecar) => stem + sidecar),
          ),
        ).toEqual({});
      }),
    );
  });

  test('survives any names', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' })),
        fc.array(fc.string({ unit: 'binary' })),
        (media, sidecars) => {
          const files = media.map((name, id) => ({ id, name }));
          const others = sidecars.map((name, id) => ({ id, name, title: name }));
          expect(matchSidecars(files, others).length).toBeLessThanOrEqual(files.length);
          expect(matchXmp(files, others).length).toBeLessThanOrEqual(files.length);
          expect(pairVideos(files).length).toBeLessThanOrEqual(files.length);
        },
      ),
    );
  });
});

/** So many files that a comparison of all pairs would not end. */
const MANY = 40_000;

describe('a folder with very many files', () => {
  const range = Array.from({ length: MANY }, (_, index) => index);
  const count = (media: string[], sidecars: Omit<NamedSidecar<number>, 'id'>[]): number =>
    matchSidecars(
      media.map((name, id) => ({ id, name })),
      sidecars.map((sidecar, id) => ({ id, ...sidecar })),
    ).length;

  test('of ordinary names', () => {
    const sidecars = range.map((index) => ({
      name: `IMG_${index}.jpg.supplemental-metadata.json`,
      title: `IMG_${index}.jpg`,
    }));
    expect(
      count(
        range.map((index) => `IMG_${index}.jpg`),
        sidecars,
      ),
    ).toBe(MANY);
  });

  test('of one name with numbers', () => {
    const sidecars = range.map((index) => ({ name: `image.jpg(${index}).json`, title: 'image.jpg' }));
    expect(
      count(
        range.map((index) => `image(${index}).jpg`),
        sidecars,
      ),
    ).toBe(MANY);
  });

  test('of one title, without a match', () => {
    const sidecars = range.map((index) => ({ name: `${'x'.repeat(46)}${index}.json`, title: 'image.jpg' }));
    expect(
      count(
        range.map((index) => `image-${index}(${index}).jpg`),
        sidecars,
      ),
    ).toBe(0);
  });

  test('of one stem with all extensions, and all edited', () => {
    const end = (index: number) =>
      String.fromCharCode(...[0, 1, 2, 3].map((place) => 97 + (Math.floor(index / 26 ** place) % 26)));
    const sidecars = range.map((index) => ({ name: `IMG.${end(index)}.json`, title: `IMG.${end(index)}` }));
    expect(
      count(
        range.map((index) => `IMG-${end(index)}.jpg`),
        sidecars,
      ),
    ).toBe(0);
  });

  test('of long names that are the beginning of each other', () => {
    const sidecars = range.map((index) => ({ name: `${'x'.repeat(index % 140)}${index}.json` }));
    expect(
      count(
        range.map((index) => `${'x'.repeat(200)}${index}.jpg`),
        sidecars,
      ),
    ).toBe(0);
  });

  test('of pictures and videos with one stem', () => {
    const files = range.map((id) => ({ id, name: `IMG(${id}).${id % 2 ? 'MOV' : 'HEIC'}` }));
    expect(pairVideos(files)).toEqual([]);
    const pairs = range.map((id) => ({ id, name: `IMG(${id >> 1}).${id % 2 ? 'MOV' : 'HEIC'}` }));
    expect(pairVideos(pairs)).toHaveLength(MANY / 2);
  });
});
