import { describe, expect, it } from '@jest/globals';
import { type MetadataPatch, metadataPatch, tagKey } from '@lazyphotos/contracts';
import fc from 'fast-check';
import { readEdits } from '../src/metadata/edits.js';
import { mergePatch, TooManyTagsError } from '../src/metadata/merge.js';
import type { PhotoRow } from '../src/prisma.js';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const timeAt = (minute: number): string => new Date(Date.UTC(2026, 4, 1, 12, minute)).toISOString();

/** A photo as it came: what its file says, and no edits. */
const fresh: PhotoRow = {
  id: '01890a5d-ac96-774b-bcce-b302099a8058',
  userId: '01890a5d-ac96-774b-bcce-b302099a8057',
  hash: 'ab'.repeat(32),
  storageKey: 'originals/x',
  fileName: 'IMG_0001.JPG',
  sizeBytes: 1n,
  mimeType: 'image/jpeg',
  capturedAt: new Date('2020-01-01T00:00:00.000Z'),
  capturedAtSource: 'exifOriginal',
  capturedAtOffset: 60,
  sidecarDate: null,
  sortAt: new Date('2020-01-01T00:00:00.000Z'),
  uploadedAt: new Date('2026-05-01T00:00:00.000Z'),
  updatedAt: new Date('2026-05-01T00:00:00.000Z'),
  width: 1,
  height: 1,
  locationLat: 52.5,
  locationLon: 13.4,
  altitude: 34,
  place: { city: 'Berlin' },
  cameraMake: 'Canon',
  cameraModel: 'EOS R5',
  lensModel: null,
  fNumber: null,
  exposureTime: null,
  iso: null,
  focalLength: null,
  orientation: null,
  description: null,
  tags: [],
  tagKeys: [],
  favorite: false,
  rating: null,
  archived: false,
  kind: 'photo',
  durationMs: null,
  edits: {},
  isDeleted: false,
  deletedAt: null,
  trashedByImport: false,
  processing: 'ready',
  failureCode: null,
  failureReason: null,
  placeholder: null,
  mediaRun: 1,
  version: 1,
  searchWords: null,
};

/** As PostgreSQL keeps the column: members of objects in another order. */
function stored(row: PhotoRow): PhotoRow {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, part]) => [name, reversed(part)]);
    return Object.fromEntries(entries.reverse());
  };
  return { ...row, edits: reversed(JSON.parse(JSON.stringify(row.edits))) as PhotoRow['edits'] };
}

const edited = (patches: readonly MetadataPatch[], from = fresh): PhotoRow =>
  patches.reduce((row, patch) => stored(mergePatch(row, patch, NOW).row), from);
const edit = (patch: object): MetadataPatch => metadataPatch.parse(patch);

const tag = fc.constantFrom(
  'Sea',
  'sea',
  'SEA',
  'été',
  'e\u0301te\u0301',
  'Straße',
  'STRASSE',
  '__proto__',
  'x',
);
const tagList = fc.array(tag, { maxLength: 4 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const patchFields = fc.record({
  description: optional(fc.constantFrom(null, '', 'a', 'b')),
  favorite: optional(fc.boolean()),
  archived: optional(fc.boolean()),
  rating: optional(fc.constantFrom(null, 1, 5)),
  cameraMake: optional(fc.constantFrom(null, 'Nikon', 'Canon')),
  fileName: optional(fc.constantFrom('a.jpg', 'b.jpg', 'IMG_0001.JPG')),
  capturedAt: optional(
    fc.constantFrom('2020-01-01T00:00:00Z', '2020-01-01T01:00:00+01:00', '2020-01-01T02:00:00+02:00'),
  ),
  location: optional(fc.constantFrom(null, [52.5, 13.4] as const, [-0, 0] as const)),
  tags: optional(
    fc.oneof(
      tagList.map((tags) => ({ tags })),
      fc.tuple(tagList, tagList).map(([addTags, removeTags]) => {
        const added = new Set(addTags.map(tagKey));
        return { addTags, removeTags: removeTags.filter((name) => !added.has(tagKey(name))) };
      }),
    ),
  ),
  minute: fc.nat(4),
});
const patch: fc.Arbitrary<MetadataPatch> = patchFields.map(({ location, tags, minute, ...fields }) =>
  edit({
    ...fields,
    ...(location === undefined
      ? {}
      : { locationLat: location?.[0] ?? null, locationLon: location?.[1] ?? null }),
    ...tags,
    updatedAt: timeAt(minute),
  }),
);

describe('edits of a photo', () => {
  it('end in the same state in any order and however often each comes', () => {
    const orders = fc.array(patch, { minLength: 1, maxLength: 6 }).chain((patches) => {
      const repeated = fc.array(fc.constantFrom(...patches), { maxLength: 6 });
      const shuffled = repeated.chain((more) =>
        fc.shuffledSubarray([...patches, ...more], { minLength: patches.length + more.length }),
      );
      return fc.tuple(fc.constant(patches), shuffled);
    });
    fc.assert(
      fc.property(orders, ([patches, shuffled]) => {
        const [one, other] = [edited(patches), edited(shuffled)];
        // The place comes later, by an event for the location that is left at the end.
        expect(other).toEqual({ ...one, edits: expect.anything(), place: other.place });
        expect(readEdits(other.edits)).toEqual(readEdits(one.edits));
      }),
      { numRuns: 500 },
    );
  });

  it('keep the newest value of each field after any replays', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ description: fc.string(), minute: fc.nat(1000) }), { minLength: 1 }),
        (all) => {
          const newest = all.reduce((a, b) => (b.minute > a.minute ? b : a));
          const value = all
            .filter(({ minute }) => minute === newest.minute)
            .map(({ description }) => description);
          const patches = all.map(({ description, minute }) => ({ description, updatedAt: timeAt(minute) }));
          expect(value.map((text) => text.toWellFormed() || null)).toContain(edited(patches).description);
        },
      ),
    );
  });

  it('of two phones that were offline keep what each has edited', () => {
    const phone = [edit({ description: 'by the sea', addTags: ['Sea'], updatedAt: timeAt(1) })];
    const tablet = [
      edit({ favorite: true, locationLat: 1, locationLon: 2, addTags: ['Boat'], updatedAt: timeAt(5) }),
      edit({ rating: 4, updatedAt: timeAt(6) }),
    ];
    for (const order of [
      [...phone, ...tablet],
      [...tablet, ...phone],
    ]) {
      expect(edited(order)).toMatchObject({
        description: 'by the sea',
        favorite: true,
        rating: 4,
        locationLat: 1,
        locationLon: 2,
        tags: ['Boat', 'Sea'],
      });
    }
  });

  it('replace what the file says, however old they are', () => {
    const row = edited([edit({ cameraMake: 'Leica', updatedAt: '1999-01-01T00:00:00Z' })]);
    expect(row.cameraMake).toBe('Leica');
  });

  it('of the future count as made now', () => {
    const future = edited([edit({ description: 'ahead', updatedAt: '2031-01-01T00:00:00Z' })]);
    const later = mergePatch(future, { description: 'after' }, new Date(NOW.getTime() + 1000)).row;
    expect(later.description).toBe('after');
  });

  it('that have no time are made in the order in which they come, also in one millisecond', () => {
    const row = edited([
      edit({ description: 'z', addTags: ['a'] }),
      edit({ description: 'a', removeTags: ['a'] }),
      edit({ description: 'm', updatedAt: '2031-01-01T00:00:00Z' }),
    ]);
    expect(row).toMatchObject({ description: 'm', tags: [] });
  });

  it('that change nothing are distinguished from those that do', () => {
    const once = mergePatch(fresh, edit({ favorite: true, updatedAt: timeAt(1) }), NOW);
    expect(once).toMatchObject({ isChanged: true, isRemembered: true, applied: 1, dropped: 0 });
    const again = mergePatch(stored(once.row), edit({ favorite: true, updatedAt: timeAt(1) }), NOW);
    expect(again).toMatchObject({ isChanged: false, isRemembered: false, applied: 0, dropped: 1 });
    const confirmed = mergePatch(stored(once.row), edit({ favorite: true, updatedAt: timeAt(2) }), NOW);
    expect(confirmed).toMatchObject({ isChanged: false, isRemembered: true });
    const older = mergePatch(stored(confirmed.row), edit({ favorite: false, updatedAt: timeAt(1) }), NOW);
    expect(older).toMatchObject({ isChanged: false, isRemembered: false, applied: 0, dropped: 1 });
    expect(mergePatch(fresh, edit({}), NOW)).toMatchObject({ isChanged: false, isRemembered: false });
  });

  it('take altitude and place away with the location', () => {
    const moved = edited([edit({ locationLat: 1, locationLon: 2 })]);
    expect(moved).toMatchObject({ locationLat: 1, locationLon: 2, altitude: null, place: null });
    const same = edited([edit({ locationLat: 52.5, locationLon: 13.4 })]);
    expect(same).toMatchObject({ altitude: null, place: { city: 'Berlin' } });
    const removed = edited([edit({ locationLat: null, locationLon: null })]);
    expect(removed).toMatchObject({ locationLat: null, locationLon: null, altitude: null, place: null });
  });

  it.each([
    ['2024-05-01T14:00:00+02:00', '2024-05-01T12:00:00.000Z', 120],
    ['2024-05-01T12:00:00+00:00', '2024-05-01T12:00:00.000Z', 0],
    ['2024-05-01T12:00:00Z', '2024-05-01T12:00:00.000Z', null],
    ['2024-05-01T12:00:00-00:00', '2024-05-01T12:00:00.000Z', null],
    ['2024-05-01T08:30:00-03:30', '2024-05-01T12:00:00.000Z', -210],
  ])('set the capture time %s with its zone', (capturedAt, time, capturedAtOffset) => {
    const row = edited([edit({ capturedAt })]);
    expect(row).toMatchObject({
      capturedAt: new Date(time),
      sortAt: new Date(time),
      capturedAtOffset,
      capturedAtSource: 'user',
    });
  });
});

describe('tags', () => {
  const tagsAfter = (...patches: object[]) => edited(patches.map(edit)).tags;

  it('are compared in NFC and without case, and keep how the newest edit writes them', () => {
    expect(tagsAfter({ tags: [' Sea ', 'e\u0301te\u0301', 'ÉTÉ'] })).toEqual(['Sea', 'été']);
    expect(
      tagsAfter({ addTags: ['Sea'], updatedAt: timeAt(1) }, { addTags: ['SEA'], updatedAt: timeAt(2) }),
    ).toEqual(['SEA']);
    expect(tagsAfter({ tags: ['Straße'] }, { removeTags: ['STRASSE'] })).toEqual([]);
  });

  it('that were set replace all others, except for those that were added later', () => {
    const add = { addTags: ['later'], updatedAt: timeAt(5) };
    const set = { tags: ['a', 'b'], updatedAt: timeAt(3) };
    const early = { addTags: ['early'], updatedAt: timeAt(1) };
    expect(tagsAfter(add, set, early)).toEqual(['a', 'b', 'later']);
    expect(tagsAfter(early, add, set)).toEqual(['a', 'b', 'later']);
  });

  it('that were removed stay so when their adding is replayed', () => {
    const add = { addTags: ['a'], updatedAt: timeAt(1) };
    const remove = { removeTags: ['A'], updatedAt: timeAt(2) };
    expect(tagsAfter(add, remove, add)).toEqual([]);
    expect(tagsAfter(remove, add)).toEqual([]);
  });

  it('are a hundred at most; the edit that would be too much is refused as a whole', () => {
    const many = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `tag ${from + n}`);
    const full = edited([edit({ tags: many(0, 100), updatedAt: timeAt(1) })]);
    expect(full.tags).toHaveLength(100);
    expect(() => mergePatch(full, edit({ addTags: ['one more'] }), NOW)).toThrow(TooManyTagsError);
    expect(edited([edit({ addTags: ['one more'], removeTags: ['tag 0'] })], full).tags).toHaveLength(100);
  });

  it('leave a bounded memory of those that were removed', () => {
    let row = fresh;
    for (let round = 0; round < 20; round += 1) {
      const names = Array.from({ length: 100 }, (_, n) => `tag ${round} ${n}`);
      row = edited([edit({ removeTags: names, updatedAt: timeAt(round) })], row);
    }
    expect(readEdits(row.edits).tags.elements.size).toBe(500);
    expect(edited([edit({ addTags: ['tag 19 0'], updatedAt: timeAt(0) })], row).tags).toEqual([]);
  });
});

describe('a patch is refused', () => {
  it.each<[string, object]>([
    ['with half a location', { locationLat: 1 }],
    ['with the other half', { locationLon: 1 }],
    ['with half a location removed', { locationLat: null, locationLon: 1 }],
    ['with a latitude that is none', { locationLat: 91, locationLon: 1 }],
    ['with tags set and added', { tags: ['a'], addTags: ['b'] }],
    ['with tags set and removed', { tags: ['a'], removeTags: ['b'] }],
    ['with a tag both added and removed', { addTags: ['Sea'], removeTags: ['sea'] }],
    ['with 101 tags', { tags: Array.from({ length: 101 }, (_, n) => `${n}`) }],
    ['with a long tag', { tags: ['x'.repeat(101)] }],
    ['with a blank tag', { addTags: [' '] }],
    ['with a long description', { description: 'x'.repeat(10_001) }],
    ['with NUL in the description', { description: 'a\0' }],
    ['with a capture time without an offset', { capturedAt: '2024-05-01T12:00:00' }],
    ['with a capture time in the year 0', { capturedAt: '0000-12-31T12:00:00Z' }],
    ['with an offset of no place', { capturedAt: '2024-05-01T12:00:00+19:00' }],
    ['with a rating of 0', { rating: 0 }],
    ['with a rating of 6', { rating: 6 }],
    ['without a favorite', { favorite: null }],
    ['without a file name', { fileName: null }],
    ['with a path', { fileName: 'a/b.jpg' }],
    ['with a path of Windows', { fileName: 'a\\b.jpg' }],
    ['with the folder above', { fileName: '..' }],
    ['with two lines', { fileName: 'a\nb.jpg' }],
    ['with a line separator', { fileName: 'a\u2028b.jpg' }],
    ['with a C1 control', { fileName: 'a\u0085b.jpg' }],
    ['with text that runs backwards', { fileName: 'a\u202egpj.exe' }],
    ['with half a character', { fileName: 'a\ud800.jpg' }],
    ['with a long name', { fileName: 'x'.repeat(256) }],
    ['with a time that is none', { updatedAt: 'yesterday' }],
  ])('%s', (_name, body) => {
    expect(metadataPatch.safeParse(body).success).toBe(false);
  });
});
