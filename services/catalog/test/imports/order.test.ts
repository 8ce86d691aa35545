import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CAPTURED_AT_SOURCES, type CapturedAtSource, type ImportedPhoto } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { eventOf, imported, type MediaResult, newUpload, readyResult, type Upload } from '../facts.js';
import { type CatalogNode, startCatalog } from '../harness.js';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const time = fc.constantFrom(
  '2018-01-01T00:00:00.000Z',
  '2019-01-01T00:00:00.000Z',
  '2020-01-01T00:00:00.000Z',
);
const EDITED_AT = ['2023-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'];
const editedAt = optional(fc.constantFrom(...EDITED_AT));
const latitude = fc.constantFrom(10, 20, 30);
const tags = fc.uniqueArray(fc.constantFrom('Anna', 'Bert', 'Carl'), { minLength: 1 });

/** What a place is called here: the media worker says it in its result, or when it is asked. */
const placeAt = (lat: number) => ({ city: `city ${lat}` });

const upload: fc.Arbitrary<Partial<Upload>> = fc
  .record({
    capturedAt: optional(time),
    capturedAtSource: optional(fc.constantFrom('client' as const, 'sidecar', 'folderYear', 'fileModified')),
    fileName: fc.constantFrom('scan.jpg', 'IMG_20190714_101112.jpg'),
    lat: optional(latitude),
  })
  .map(({ lat, ...rest }) => ({
    ...rest,
    ...(lat === undefined ? {} : { locationLat: lat, locationLon: 1 }),
  }));

/** What the file can say; a run of a later number is a reprocessing. */
const ofFile = CAPTURED_AT_SOURCES.slice(
  CAPTURED_AT_SOURCES.indexOf('exifOriginal'),
  CAPTURED_AT_SOURCES.indexOf('client'),
);
const found: fc.Arbitrary<Partial<MediaResult>> = fc
  .record({
    date: optional(
      fc.record({
        capturedAt: time,
        capturedAtSource: fc.constantFrom<CapturedAtSource>(...ofFile.filter((name) => name !== 'sidecar')),
      }),
    ),
    lat: optional(latitude),
    rating: optional(fc.constantFrom(1, 2)),
  })
  .map(({ date, lat, rating }) => ({
    ...date,
    ...(lat === undefined ? {} : { locationLat: lat, locationLon: 1, place: placeAt(lat) }),
    rating,
  }));

const facts: fc.Arbitrary<Partial<ImportedPhoto>> = fc.record({
  date: optional(
    fc.record({ capturedAt: time, source: fc.constantFrom('sidecar', 'client', 'fileName', 'folderYear') }),
  ),
  // One location for all: of two that are announced the first is kept.
  location: optional(fc.constant({ lat: 20, lon: 1 })),
  edits: fc.record({
    at: editedAt,
    description: optional(fc.constantFrom('import', 'other import')),
    favorite: optional(fc.constant(true as const)),
    archived: optional(fc.constant(true as const)),
    rating: optional(fc.constantFrom(3, 4)),
    location: optional(latitude.map((lat) => ({ lat, lon: 1 }))),
    tags: optional(tags),
  }),
});

/** An edit in the app; without a time it is made now, after everything in an import. */
const patch = fc
  .record(
    {
      description: fc.constantFrom('mine', null),
      favorite: fc.boolean(),
      archived: fc.boolean(),
      rating: fc.constantFrom(5, null),
      capturedAt: time,
      removeTags: tags,
      location: fc.option(latitude),
      updatedAt: fc.constantFrom(...EDITED_AT),
    },
    { requiredKeys: [] },
  )
  .map(({ location, ...fields }) => ({
    ...fields,
    ...(location === undefined ? {} : { locationLat: location, locationLon: location === null ? null : 1 }),
  }));

interface Story {
  upload: Partial<Upload>;
  found: Partial<MediaResult>;
  described: Partial<ImportedPhoto>[];
  patch: object;
}
const story: fc.Arbitrary<Story> = fc.record({
  upload,
  found,
  described: fc.array(facts, { minLength: 1, maxLength: 2 }),
  patch,
});

type Step = 'upload' | 'media' | 'edit' | { described: number };
const stepsOf = ({ described }: Story): Step[] => [
  'upload',
  'media',
  'edit',
  ...described.map((_facts, index) => ({ described: index })),
];
const told = story.chain((one) => {
  const steps = stepsOf(one);
  const orders = fc.shuffledSubarray(steps, { minLength: steps.length });
  return fc.record({ story: fc.constant(one), order: orders });
});

describeWithPostgres('what is known of an imported photo', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  /** Lets a story happen to a photo of a new user, and returns what is there in the end. */
  const play = async ({ upload: announced, found: result, described, patch: edit }: Story, order: Step[]) => {
    const user = node.user();
    const fact = newUpload(user.id, { ...announced, uploadedAt: '2026-01-01T00:00:00.000Z' });
    const id = fact.photoId;
    const albums = [newId(), newId()].map((albumId, index) => ({ id: albumId, name: `album ${index}` }));
    /** Where the file has no location, the media worker names the place of the announced one. */
    const withPlace = (one: Partial<MediaResult>): Partial<MediaResult> =>
      one.locationLat === undefined && fact.locationLat !== undefined
        ? { ...one, place: placeAt(fact.locationLat) }
        : one;
    /** Resolves to false for what cannot be done before the photo is there. */
    const describePhoto = async (index: number): Promise<boolean> => {
      const album = albums[index] ?? { id: newId(), name: 'none' };
      const { unknown } = await node.service.api.describeImported({
        userId: user.id,
        newAlbums: [album],
        photos: [imported(id, { ...described[index], albumIds: [album.id] })],
      });
      return unknown.length === 0;
    };
    const take = async (step: Step): Promise<boolean> => {
      if (typeof step === 'object') return describePhoto(step.described);
      if (step === 'upload') await node.service.api.recordUpload(fact);
      if (step === 'media')
        await node.deliver(eventOf('media.processed', readyResult(fact, withPlace(result))));
      return step !== 'edit' || (await user.edit(id, edit)).status === 200;
    };
    const answerPlaces = async () => {
      for (const { version: _version, ...question } of await node.relocationsOf(user.id))
        await node.deliver(eventOf('place.found', { ...question, place: placeAt(question.locationLat) }));
    };
    const postponed: Step[] = [];
    for (const step of order) if (!(await take(step))) postponed.push(step);
    for (const step of postponed) expect(await take(step)).toBe(true);
    await answerPlaces();

    const read = async () => (await user.photo(id)).body;
    const state = await read();
    const events = (await node.eventsOf(user.id)).length;
    const relocations = (await node.relocationsOf(user.id)).length;
    for (const index of described.keys()) expect(await describePhoto(index)).toBe(true);
    expect(await read()).toEqual(state);
    expect(await node.eventsOf(user.id)).toHaveLength(events);
    expect(await node.relocationsOf(user.id)).toHaveLength(relocations);

    const { id: _id, userId, storageKey, hash, version, updatedAt, thumbnails, ...rest } = state;
    const items = [];
    for (const { id: albumId } of albums.slice(0, described.length))
      items.push((await user.itemIds(albumId)).length);
    return { ...rest, tags: rest.tags.sort(), items };
  };

  it('is the same in any order of the facts, and a repetition changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(told, async (one) => {
        const expected = await play(one.story, stepsOf(one.story));
        expect(await play(one.story, one.order)).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });
});
