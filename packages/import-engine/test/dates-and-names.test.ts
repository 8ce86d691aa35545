import { describe, expect, test } from '@jest/globals';
import { metadataPatch, tagKey } from '@lazyphotos/contracts';
import fc from 'fast-check';
import {
  type DateClues,
  dateOf,
  fileNameOf,
  type MatchRule,
  type PhotoFacts,
  planTags,
  roleOf,
  splitPath,
} from '../src/index.js';

const now = new Date('2026-06-01T00:00:00Z');
const clues = (given: Partial<DateClues>): DateClues => ({
  fileName: 'IMG_1.jpg',
  folder: { kind: 'plain' },
  now,
  ...given,
});
const facts = (fields: Partial<PhotoFacts>): PhotoFacts => ({ kind: 'photo', ...fields });

describe('rule 16: dates', () => {
  const all = clues({
    facts: facts({ takenAt: '2015-12-06T16:18:30.000Z' }),
    fileName: 'IMG_20160101_101112.jpg',
    folder: { kind: 'year', year: 2017 },
    modifiedAt: new Date('2018-05-06T07:08:09Z'),
  });

  test('the sidecar, the name, the year of the folder, the modification, and then none', () => {
    expect(dateOf(all)).toEqual({ capturedAt: '2015-12-06T16:18:30.000Z', source: 'sidecar' });
    const unnamed = { ...all, facts: undefined, fileName: 'a.jpg' };
    expect(dateOf({ ...all, facts: undefined })).toEqual({
      capturedAt: '2016-01-01T10:11:12.000Z',
      source: 'fileName',
    });
    expect(dateOf(unnamed)).toEqual({ capturedAt: '2017-01-01T00:00:00.000Z', source: 'folderYear' });
    const unfiled = { ...unnamed, folder: { kind: 'album', name: 'x' } } as const;
    expect(dateOf(unfiled)).toEqual({ capturedAt: '2018-05-06T07:08:09.000Z', source: 'fileModified' });
    expect(dateOf({ ...unfiled, modifiedAt: undefined })).toBeUndefined();
  });

  test('what is not plausible is left out', () => {
    expect(dateOf({ ...all, facts: facts({ takenAt: '2031-01-01T00:00:00.000Z' }) })).toMatchObject({
      source: 'fileName',
    });
    expect(dateOf({ ...all, facts: facts({ takenAt: '1700-01-01T00:00:00.000Z' }) })).toMatchObject({
      source: 'fileName',
    });
    expect(dateOf(clues({ folder: { kind: 'year', year: 2030 } }))).toBeUndefined();
    expect(dateOf(clues({ modifiedAt: new Date('1980-01-01T00:00:00Z') }))).toBeUndefined();
    expect(dateOf(clues({ modifiedAt: new Date('2027-01-01T00:00:00Z') }))).toBeUndefined();
  });

  test.each([
    ['20190216_172030.jpg', '2019-02-16T17:20:30.000Z'],
    ['Screenshot_20190216-172030_Maps.png', '2019-02-16T17:20:30.000Z'],
    ['signal-2020-10-26-16-34-42.jpg', '2020-10-26T16:34:42.000Z'],
    ['00004XTR_00004_BURST20190216172030.jpg', '2019-02-16T17:20:30.000Z'],
    ['00100dPORTRAIT_00100_BURST20180828114700954_COVER.jpg', '2018-08-28T11:47:00.954Z'],
    ['2016_01_30_11_49_15.mp4', '2016-01-30T11:49:15.000Z'],
    ['PXL_20210102_221126856.MP~2.jpg', '2021-01-02T22:11:26.856Z'],
    ['MVIMG_20190215_193501-edited(1).jpg', '2019-02-15T19:35:01.000Z'],
  ])('the name %s', (fileName, capturedAt) => {
    expect(dateOf(clues({ fileName }))).toEqual({ capturedAt, source: 'fileName' });
  });

  test('never the time of the import', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
        (fileName, modifiedAt) => {
          const date = dateOf(clues({ fileName, modifiedAt }));
          if (date?.source === 'fileModified') expect(date.capturedAt).toBe(modifiedAt?.toISOString());
          else expect(date?.capturedAt).not.toBe(now.toISOString());
        },
      ),
    );
  });
});

describe('the name of a photo', () => {
  test.each<[string, string | undefined, MatchRule | undefined, string]>([
    ['IMG_1.jpg', 'IMG_1.jpg', 'exact', 'IMG_1.jpg'],
    ['IMG_1.jpg', undefined, undefined, 'IMG_1.jpg'],
    ['IMG_1(2).jpg', 'IMG_1.jpg', 'number', 'IMG_1.jpg'],
    ['IMG_1(2).jpg', undefined, undefined, 'IMG_1(2).jpg'],
    ['a_long_name_that_was_cu.JPG', 'a_long_name_that_was_cut.jpg', 'cut', 'a_long_name_that_was_cut.jpg'],
    ['a_long_name_that_was_cu.jpeg', 'a_long_name_that_was_cut.jpg', 'cut', 'a_long_name_that_was_cut.jpg'],
    ['x(1).MP4', 'x.HEIC', 'motion', 'x(1).MP4'],
    ['x(1).jpg', 'x.HEIC', 'number', 'x(1).jpg'],
    ['IMG_1-edited.jpg', 'IMG_1.jpg', 'edited', 'IMG_1-edited.jpg'],
    ['27_06_12 - 2.jpg', '27/06/12 - 2', 'extension', '27_06_12 - 2.jpg'],
    ['a_long_name_withou(1).jpg', 'a_long_name_without_an_end', 'cut', 'a_long_name_without_an_end.jpg'],
    ['x.jpg', 'who: me?/you.jpg', 'title', 'who_ me__you.jpg'],
    ['a\u0000b\u202Ec\nd.jpg', undefined, undefined, 'abc d.jpg'],
    ['..', undefined, undefined, 'photo'],
    ['', undefined, undefined, 'photo'],
  ])('%j with the title %j by %s', (name, title, rule, expected) => {
    expect(fileNameOf(name, title === undefined ? undefined : facts({ title }), rule)).toBe(expected);
  });

  test('is one that a photo can have, for all names', () => {
    const text = fc.string({ unit: 'binary', maxLength: 600 });
    const rule = fc.constantFrom<MatchRule | undefined>('exact', 'number', 'cut', 'title', undefined);
    fc.assert(
      fc.property(text, text, rule, (name, title, by) => {
        const fileName = fileNameOf(`${name}.jpg`, facts({ title: `${title}.jpg` }), by);
        expect(metadataPatch.safeParse({ fileName }).data).toEqual({ fileName });
      }),
      { numRuns: 500 },
    );
  });

  test('keeps its extension when it is too long', () => {
    const name = fileNameOf(`${'🌻'.repeat(400)}.jpeg`, undefined, undefined);
    expect([...name]).toHaveLength(255);
    expect(name.endsWith('🌻.jpeg')).toBe(true);
  });
});

describe('tags', () => {
  test('are the tags and the people, each once', () => {
    expect(
      planTags(facts({ tags: ['Berlin', ' berlin ', '', 'Tom\n& Jerry'], people: ['Ada', 'BERLIN'] })),
    ).toEqual(['Berlin', 'Tom & Jerry', 'Ada']);
    expect(planTags(facts({}))).toEqual([]);
  });

  test('are as many and as long as a photo can have', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 150 }), (people) => {
        const tags = planTags(facts({ people }));
        expect(metadataPatch.safeParse({ tags }).data).toEqual({ tags });
        expect(new Set(tags.map(tagKey)).size).toBe(tags.length);
      }),
    );
  });
});

describe('paths', () => {
  test.each([
    ['a/b/c.jpg', { folder: 'a/b', name: 'c.jpg' }],
    ['c.jpg', { folder: '', name: 'c.jpg' }],
    ['/a//./c.jpg', { folder: 'a', name: 'c.jpg' }],
    ['a\\b\\c.jpg', { folder: 'a/b', name: 'c.jpg' }],
    ['u\u0308/u\u0308.jpg', { folder: 'ü', name: 'ü.jpg' }],
    ['', { folder: '', name: '' }],
  ])('%j', (path, expected) => {
    expect(splitPath(path)).toEqual(expected);
  });

  test.each([
    ['json', ['a.json', 'a.JSON', 'IMG.jpg(1).json', 'name..json']],
    ['xmp', ['a.xmp', 'IMG.jpg.XMP']],
    [
      'other',
      [
        'archive_browser.html',
        'a.txt',
        'a.CSV',
        'a.pdf',
        'desktop.ini',
        'Thumbs.db',
        '.DS_Store',
        '__MACOSX/a/IMG.jpg',
        'a/__MACOSX/IMG.jpg',
        '._IMG.jpg',
        'a/._IMG.json',
        '__MACOSX/._a.json',
        '.picasa.ini',
      ],
    ],
    [
      'media',
      [
        'IMG.jpg',
        'IMG',
        '20030616',
        'X.MP',
        'X.MP~2',
        'x.heic',
        'x.mov',
        'x.unknown',
        'json',
        'a.json.jpg',
        '27.06.12 - 1',
      ],
    ],
  ])('%s', (role, paths) => {
    for (const path of paths) expect([path, roleOf(path)]).toEqual([path, role]);
  });
});
