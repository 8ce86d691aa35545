import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AnyEvent, CopyRequest, Photo } from '@lazyphotos/contracts';
import { newId, ProblemError } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { eventOf, newUpload, readyResult } from './facts.js';
import { type CatalogNode, mediaUrls, startCatalog } from './harness.js';
import type { User } from './user.js';

const MINUTE_MS = 60_000;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE_MS).toISOString();
const changesOf = (events: readonly AnyEvent[]) =>
  events.flatMap((event) => (event.type === 'photo.changed' ? [event.payload.photo] : []));

describeWithPostgres('metadata edits', () => {
  let node: CatalogNode;
  let user: User;
  beforeAll(async () => {
    node = await startCatalog();
    user = node.user();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  it('change every field that a patch has, in one version and one event', async () => {
    const owner = node.user();
    const id = await owner.addPhoto();
    const patch = {
      tags: ['Sea', 'Été', '__proto__'],
      cameraMake: 'Leica',
      cameraModel: 'M3',
      description: 'two\nlines, “quoted” and 😀',
      capturedAt: '1957-08-03T14:00:00+01:00',
      locationLat: -33.918861,
      locationLon: 18.4233,
      favorite: true,
      rating: 5,
      archived: true,
      fileName: 'Kap der Guten Hoffnung 😀.jpg',
    };
    const { status, body } = await owner.edit(id, patch);
    expect(status).toBe(200);
    const expected = {
      ...patch,
      tags: ['__proto__', 'Sea', 'Été'],
      capturedAt: '1957-08-03T13:00:00.000Z',
      capturedAtOffset: 60,
      capturedAtSource: 'user',
      version: 2,
    };
    expect(body).toMatchObject(expected);
    expect((await owner.photo(id)).body).toEqual(body);
    const events = await node.eventsOf(owner.id);
    expect(
      changesOf(events)
        .map(({ version }) => version)
        .sort(),
    ).toEqual([1, 2]);
    expect(changesOf(events)).toContainEqual(expect.objectContaining(expected));
    expect(await owner.listedIds('?from=1957-08-03T13:00:00Z&to=1957-08-03T13:00:00.001Z')).toEqual([id]);
  });

  it('remove what null is given for', async () => {
    const id = await user.addPhoto({ locationLat: 1, locationLon: 2 });
    await user.edit(id, {
      description: 'x',
      rating: 3,
      cameraMake: 'y',
      cameraModel: 'z',
      updatedAt: ago(5),
    });
    const nothing = { description: null, rating: null, cameraMake: null, cameraModel: null };
    const { body } = await user.edit(id, { ...nothing, locationLat: null, locationLon: null });
    for (const field of [...Object.keys(nothing), 'locationLat', 'locationLon'])
      expect(body).not.toHaveProperty(field);
  });

  it('that change nothing increment no version and emit nothing', async () => {
    const owner = node.user();
    const id = await owner.addPhoto();
    await owner.edit(id, { favorite: true, updatedAt: ago(9) });
    for (const patch of [
      {},
      { favorite: true, updatedAt: ago(9) },
      { favorite: true, updatedAt: ago(5) },
      { favorite: false, updatedAt: ago(8) },
      { removeTags: ['none'] },
    ]) {
      expect((await owner.edit(id, patch)).body).toMatchObject({ favorite: true, version: 2 });
    }
    expect(changesOf(await node.eventsOf(owner.id))).toHaveLength(2);
  });

  it('made offline on two phones and replayed late merge field by field', async () => {
    const id = await user.addPhoto();
    await user.edit(id, { description: 'newest', addTags: ['b'], updatedAt: ago(10) });
    await user.edit(id, { description: 'older', favorite: true, addTags: ['a'], updatedAt: ago(60) });
    const { body } = await user.edit(id, { description: 'oldest', removeTags: ['b'], updatedAt: ago(90) });
    expect(body).toMatchObject({ description: 'newest', favorite: true, tags: ['a', 'b'], version: 3 });
  });

  it('are counted by whether they were applied', async () => {
    const counts = async () => {
      const text = await node.metric('lazyphotos_metadata_edits_total');
      return ['applied', 'dropped'].map((outcome) =>
        Number(new RegExp(`outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0),
      );
    };
    const id = await user.addPhoto();
    const [applied = 0, dropped = 0] = await counts();
    await user.edit(id, { favorite: true, description: 'x', updatedAt: ago(1) });
    await user.edit(id, { favorite: false, rating: 1, updatedAt: ago(2) });
    expect(await counts()).toEqual([applied + 3, dropped + 1]);
  });

  it('of a photo in the trash show when it comes back', async () => {
    const owner = node.user();
    const id = await owner.addPhoto();
    await owner.trash(id);
    const { status, body } = await owner.edit(id, { description: 'late' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ description: 'late', isDeleted: true, purgeAt: expect.any(String) });
    expect(changesOf(await node.eventsOf(owner.id))).toHaveLength(1);
    expect((await owner.restore(id)).body).toMatchObject({ description: 'late', version: 4 });
  });

  it('of photos that are not there, or are not mine, are 404', async () => {
    const id = await node.user().addPhoto();
    for (const other of [id, newId(), 'x']) {
      const { status, body } = await user.edit(other, { favorite: true });
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
  });

  it('that are not valid say which field', async () => {
    const id = await user.addPhoto();
    const { status, body } = await user.edit(id, { locationLat: 1, fileName: 'a/b' });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'body.fileName',
      'body.locationLon',
    ]);
  });

  it('of more tags than a photo can have are refused', async () => {
    const id = await user.addPhoto();
    const names = Array.from({ length: 100 }, (_, n) => `tag ${n}`);
    expect((await user.edit(id, { tags: names })).status).toBe(200);
    const { status, body } = await user.edit(id, { addTags: ['more'], favorite: true });
    expect([status, body.code]).toEqual([422, 'too_many_tags']);
    expect((await user.photo(id)).body).toMatchObject({ favorite: false, version: 2 });
  });

  it('made at the same time all count', async () => {
    const id = await user.addPhoto();
    await Promise.all(Array.from({ length: 12 }, (_, n) => user.edit(id, { addTags: [`tag ${n}`] })));
    expect((await user.photo(id)).body).toMatchObject({ version: 13 });
    expect((await user.photo(id)).body.tags).toHaveLength(12);
  });

  describe('in a batch', () => {
    it('have a result each, in their order; one that is refused stops none of the others', async () => {
      const [one = '', two = '', full = ''] = await user.addPhotos(3);
      await user.edit(full, { tags: Array.from({ length: 100 }, (_, n) => `tag ${n}`), updatedAt: ago(5) });
      const foreign = await node.user().addPhoto();
      const { status, body } = await user.editAll([
        { id: two, favorite: true },
        { id: foreign, favorite: true },
        { id: one, rating: 9 },
        { id: full, addTags: ['more'] },
        { id: one, description: 'fine', rating: 2 },
        { id: newId() },
      ]);
      expect(status).toBe(200);
      expect(body.results).toMatchObject([
        { id: two, status: 'ok', photo: { id: two, favorite: true, version: 2 } },
        { id: foreign, status: 'not_found', code: 'not_found' },
        { id: one, status: 'invalid', code: 'invalid_request', errors: [{ path: 'rating' }] },
        { id: full, status: 'invalid', code: 'too_many_tags' },
        { id: one, status: 'ok', photo: { description: 'fine', rating: 2, version: 2 } },
        { status: 'not_found' },
      ]);
      expect(body.results[1]).not.toHaveProperty('photo');
      expect((await user.photo(full)).body).toMatchObject({ version: 2 });
    });

    it('are applied in their order, with one event for each photo', async () => {
      const owner = node.user();
      const id = await owner.addPhoto();
      const { body } = await owner.editAll([
        { id, description: 'first', addTags: ['a'] },
        { id, description: 'second', removeTags: ['a'] },
        { id, description: 'older', updatedAt: ago(5) },
      ]);
      for (const result of body.results) {
        expect(result).toMatchObject({
          status: 'ok',
          photo: { description: 'second', tags: [], version: 2 },
        });
      }
      expect(changesOf(await node.eventsOf(owner.id))).toHaveLength(2);
    });

    it('come in chunks of fifty with the same few statements for each chunk', async () => {
      const owner = node.user();
      const ids = await owner.addPhotos(120);
      const count = async (some: string[], patch: object) =>
        (await node.statements.during(() => owner.editAll(some.map((id) => ({ id, ...patch }))))).length;
      const one = await count(ids.slice(0, 1), { favorite: true });
      // One reads how much work each photo is.
      expect(one).toBeLessThanOrEqual(1 + 4);
      expect(await count(ids.slice(0, 50), { rating: 3 })).toBe(one);
      expect(await count(ids, { description: 'all', addTags: ['t'] })).toBe(1 + 3 * (one - 1));
      expect((await owner.list('?limit=500&tag=t')).body.photos).toHaveLength(120);
      const rated = (await owner.list('?limit=500')).body.photos.filter((photo: Photo) => photo.rating === 3);
      expect(rated).toHaveLength(50);
    });

    it('are 500 at most, each with the id of a photo', async () => {
      const id = newId();
      const statusOf = async (updates: object[]) => (await user.editAll(updates)).status;
      expect(await statusOf(Array.from({ length: 500 }, () => ({ id })))).toBe(200);
      for (const odd of [Array.from({ length: 501 }, () => ({ id })), [], [{}], [{ id: 'x' }]]) {
        expect(await statusOf(odd)).toBe(400);
      }
    });

    it('from two phones at the same time end alike for each photo', async () => {
      const ids = await user.addPhotos(30);
      const phone = ids.map((id) => ({ id, description: 'phone', addTags: ['phone'], updatedAt: ago(2) }));
      const tablet = ids.map((id) => ({ id, description: 'tablet', addTags: ['tablet'], updatedAt: ago(1) }));
      await Promise.all([user.editAll(phone), user.editAll(tablet.reverse()), user.editAll(phone.reverse())]);
      for (const id of ids) {
        expect((await user.photo(id)).body).toMatchObject({
          description: 'tablet',
          tags: ['phone', 'tablet'],
        });
      }
    });
  });

  describe('and what is found in the file', () => {
    const found = {
      capturedAt: '2020-01-01T00:00:00Z',
      capturedAtSource: 'exifOriginal',
      capturedAtOffset: -120,
      locationLat: 52.5,
      locationLon: 13.4,
      altitude: 34,
      place: { city: 'Berlin', countryCode: 'DE' },
      cameraMake: 'Canon',
      cameraModel: 'R5',
      rating: 4,
      kind: 'motion',
      lensModel: 'RF 50',
    } as const;

    it('is taken over where the user has edited nothing', async () => {
      const upload = newUpload(user.id);
      await node.service.api.recordUpload(upload);
      await node.deliver(eventOf('media.processed', readyResult(upload, found)));
      expect((await user.photo(upload.photoId)).body).toMatchObject({
        ...found,
        capturedAt: '2020-01-01T00:00:00.000Z',
      });
    });

    it('replaces nothing that the user has edited, removals included', async () => {
      const upload = newUpload(user.id);
      await node.service.api.recordUpload(upload);
      const { photoId } = upload;
      await user.edit(photoId, {
        capturedAt: '1999-01-01T00:00:00+03:00',
        locationLat: null,
        locationLon: null,
        cameraMake: 'Leica',
        cameraModel: null,
        rating: 1,
        updatedAt: ago(600),
      });
      for (const run of [1, 2]) {
        await node.deliver(eventOf('media.processed', readyResult(upload, { ...found, run })));
        const { body } = await user.photo(photoId);
        expect(body).toMatchObject({
          capturedAt: '1998-12-31T21:00:00.000Z',
          capturedAtOffset: 180,
          capturedAtSource: 'user',
          cameraMake: 'Leica',
          rating: 1,
          kind: 'motion',
          lensModel: 'RF 50',
          processing: 'ready',
        });
        for (const field of ['locationLat', 'altitude', 'place', 'cameraModel'])
          expect(body).not.toHaveProperty(field);
      }
    });
  });

  describe('of the location', () => {
    const berlin = { city: 'Berlin', countryCode: 'DE' };
    const placeFound = (owner: User, photoId: string, lat: number, lon: number, place?: object) =>
      eventOf('place.found', {
        photoId,
        userId: owner.id,
        locationLat: lat,
        locationLon: lon,
        ...(place ? { place } : {}),
      });

    it('ask for its place, which comes with another version', async () => {
      const owner = node.user();
      const id = await owner.addPhoto();
      await owner.edit(id, { locationLat: 52.5, locationLon: 13.4 });
      expect(await node.relocationsOf(owner.id)).toEqual([
        { photoId: id, userId: owner.id, version: 2, locationLat: 52.5, locationLon: 13.4 },
      ]);
      const found = placeFound(owner, id, 52.5, 13.4, berlin);
      await node.deliver(found, { ...found, id: newId() });
      expect((await owner.photo(id)).body).toMatchObject({ place: berlin, version: 3 });
      expect(changesOf(await node.eventsOf(owner.id))).toHaveLength(3);
      const { body } = await owner.edit(id, { locationLat: 1, locationLon: 2 });
      expect(body).not.toHaveProperty('place');
      await node.deliver(placeFound(owner, id, 52.5, 13.4, berlin));
      expect((await owner.photo(id)).body).not.toHaveProperty('place');
      expect(await node.relocationsOf(owner.id)).toHaveLength(2);
    });

    it('ask for nothing when the location is removed or stays', async () => {
      const owner = node.user();
      const id = await owner.addPhoto({ locationLat: 1, locationLon: 2 });
      await owner.edit(id, { locationLat: 1, locationLon: 2 });
      await owner.edit(id, { locationLat: null, locationLon: null });
      expect(await node.relocationsOf(owner.id)).toEqual([]);
    });

    it('and back again within one batch ask for the place that was lost on the way', async () => {
      const owner = node.user();
      const upload = newUpload(owner.id);
      const id = upload.photoId;
      await node.service.api.recordUpload(upload);
      await node.deliver(
        eventOf(
          'media.processed',
          readyResult(upload, { locationLat: 52.5, locationLon: 13.4, place: berlin }),
        ),
      );
      await owner.editAll([
        { id, locationLat: 1, locationLon: 2, updatedAt: ago(2) },
        { id, locationLat: 52.5, locationLon: 13.4, updatedAt: ago(1) },
      ]);
      expect(await node.relocationsOf(owner.id)).toMatchObject([{ photoId: id, locationLat: 52.5 }]);
    });

    it('a place of a photo in the trash, or of none, emits nothing', async () => {
      const owner = node.user();
      const id = await owner.addPhoto();
      await owner.edit(id, { locationLat: 52.5, locationLon: 13.4 });
      await owner.trash(id);
      await node.deliver(placeFound(owner, id, 52.5, 13.4, berlin), placeFound(owner, newId(), 1, 2, berlin));
      await node.deliver(placeFound(owner, id, 52.5, 13.4));
      expect((await owner.photo(id)).body).toMatchObject({ place: berlin, isDeleted: true, version: 4 });
      expect(changesOf(await node.eventsOf(owner.id))).toHaveLength(2);
    });
  });
});

describeWithPostgres('downloads of edited photos', () => {
  const asked: CopyRequest[] = [];
  let respond: (request: CopyRequest) => { key: string };
  let node: CatalogNode;
  let user: User;
  beforeAll(async () => {
    const makeCopy = async (request: CopyRequest) => {
      asked.push(request);
      return respond(request);
    };
    node = await startCatalog({ copies: { makeCopy } });
    user = node.user();
  });
  afterAll(() => node.stop());

  const download = (id: string, query = '') => user.call(`/photos/${id}/download${query}`);
  const locationOf = (signed: string) => {
    const { pathname, searchParams: query } = new URL(signed);
    return mediaUrls.verify(pathname, query.get('exp'), query.get('sig'), query.get('name') ?? undefined);
  };

  it('have the name that the user gave, signed into the URL', async () => {
    const id = await user.addPhoto();
    expect(locationOf((await download(id)).body.url)).not.toHaveProperty('name');
    await user.edit(id, { fileName: 'Söhne & Töchter 😀.jpg' });
    const { url } = (await download(id)).body;
    expect(locationOf(url)).toMatchObject({ variant: 'original', name: 'Söhne & Töchter 😀.jpg' });
    const changed = new URL(url);
    changed.searchParams.set('name', 'other.jpg');
    expect(locationOf(changed.href)).toBeUndefined();
    changed.searchParams.delete('name');
    expect(locationOf(changed.href)).toBeUndefined();
  });

  it('can be a copy with the edits written in, and nothing but the edits', async () => {
    const id = await user.addPhoto({ locationLat: 9, locationLon: 9 });
    await user.edit(id, {
      description: 'x',
      tags: ['b', 'a'],
      capturedAt: '2024-05-01T14:00:00+02:00',
      rating: null,
    });
    respond = () => ({ key: `derived/${user.id}/${id}/embedded-2` });
    const { status, body } = await download(id, '?metadata=embedded');
    expect(status).toBe(200);
    expect(locationOf(body.url)).toMatchObject({ photoId: id, variant: 'embedded-2', name: 'IMG_0001.JPG' });
    expect(asked.at(-1)).toEqual({
      kind: 'embedded',
      userId: user.id,
      photoId: id,
      storageKey: `originals/${user.id}/${id}`,
      mimeType: 'image/jpeg',
      version: 2,
      edits: {
        description: 'x',
        tags: ['a', 'b'],
        capturedAt: '2024-05-01T12:00:00.000Z',
        capturedAtOffset: 120,
        rating: null,
      },
    });
  });

  it('are the original where there is nothing to write', async () => {
    const id = await user.addPhoto();
    respond = ({ storageKey }) => ({ key: storageKey });
    const { body } = await download(id, '?size=original&metadata=embedded');
    expect(locationOf(body.url)).toMatchObject({ variant: 'original' });
  });

  it('say why there is no copy', async () => {
    const id = await user.addPhoto();
    respond = () => {
      throw new ProblemError('copy_unsupported', 'GIF has no room for it.');
    };
    expect((await download(id, '?metadata=embedded')).body).toMatchObject({
      status: 422,
      code: 'copy_unsupported',
    });
    respond = () => {
      throw new ProblemError('service_unavailable', undefined, { headers: { 'Retry-After': '5' } });
    };
    const away = await download(id, '?metadata=embedded');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
  });

  it('of previews have no metadata to be embedded, and foreign photos are not copied', async () => {
    const id = await user.addPhoto();
    const before = asked.length;
    const { status, body } = await download(id, '?size=thumb&metadata=embedded');
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    const foreign = await node.user().addPhoto();
    expect((await download(foreign, '?metadata=embedded')).status).toBe(404);
    expect(asked).toHaveLength(before);
  });
});
