import { describe, expect, test } from '@jest/globals';
import {
  ACCEPTED_TYPES,
  canonicalMimeType,
  contentMatches,
  type Endpoint,
  endpoints,
  internalEndpoints,
  isCameraRaw,
  photoView,
  problemCatalog,
  problemSchema,
  storedMimeType,
  VERSION,
} from '../src/index.js';
import { payloadExamples, photoRecordExample } from './examples.js';

/** Internal endpoints that give no more than a public route does. */
const asPublicAsARoute = ['viewShare', 'unlockShareLink'];

const all = [...Object.values<Endpoint>(endpoints), ...Object.values<Endpoint>(internalEndpoints)];

describe('endpoints', () => {
  test('of the public API are for users or everybody, internal ones for named services', () => {
    for (const { id, auth, callers } of Object.values<Endpoint>(endpoints)) {
      expect([id, auth]).not.toEqual([id, 'service']);
      expect([id, callers]).toEqual([id, undefined]);
    }
    for (const { id, auth, path, service, callers = [] } of Object.values<Endpoint>(internalEndpoints)) {
      expect([id, auth]).toEqual([id, 'service']);
      expect(path).toMatch(/^\/internal\//);
      expect(callers.length).toBeGreaterThan(0);
      expect(callers).not.toContain(service);
      // It shows its token with the requests that it passes on, none of which goes to the media worker.
      if (service !== 'media-worker')
        expect([id, callers.includes('gateway')]).toEqual([id, asPublicAsARoute.includes(id)]);
    }
  });

  test.each(all.map((endpoint) => [endpoint.id, endpoint] as const))(
    '%s fits its own path',
    (_id, endpoint) => {
      const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(endpoint.params?.shape ?? {}).sort()).toEqual(inPath.sort());
      if (endpoint.method === 'get') expect(endpoint.body).toBeUndefined();
      expect(endpoint.success.body === undefined).toBe(endpoint.success.status === 204);
      if (endpoint.idempotencyKey) expect(endpoint.method).toBe('post');
      for (const code of endpoint.problems ?? []) expect(problemCatalog).toHaveProperty([code]);
    },
  );

  test('no two have the same method and path', () => {
    const routes = all.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(new Set(routes).size).toBe(routes.length);
  });
});

describe('requests', () => {
  const { createAlbum, createUploadSession, listPhotos, addAlbumItems, register, completeUpload } = endpoints;

  test('limits are whole numbers from 1 to 500, 100 if absent', () => {
    const limit = (value?: string) => listPhotos.query.safeParse(value === undefined ? {} : { limit: value });
    expect(limit().data?.limit).toBe(100);
    expect(limit('1').data?.limit).toBe(1);
    expect(limit('500').data?.limit).toBe(500);
    for (const odd of ['0', '501', '-1', '1.5', 'ten', '', ' 1', '1e2', '9'.repeat(30)]) {
      expect(limit(odd).success).toBe(false);
    }
  });

  test('flags are true or false and nothing else', () => {
    const flag = (favorite: string) => listPhotos.query.safeParse({ favorite });
    expect(flag('true').data?.favorite).toBe(true);
    expect(flag('false').data?.favorite).toBe(false);
    for (const odd of ['1', 'yes', 'TRUE', '']) expect(flag(odd).success).toBe(false);
  });

  test('a name is one line of 1 to 200 characters, trimmed', () => {
    const name = (value: unknown) => createAlbum.body.safeParse({ name: value });
    expect(name('  Holidays 😀 ').data?.name).toBe('Holidays 😀');
    for (const odd of ['', '   ', 'x'.repeat(201), 'two\nlines', 'nul\0', 7, null, undefined]) {
      expect(name(odd).success).toBe(false);
    }
  });

  test('lengths are counted in characters, as the document says', () => {
    const { name, description } = createAlbum.body.shape;
    expect(name.safeParse('😀'.repeat(200)).success).toBe(true);
    expect(name.safeParse('😀'.repeat(201)).success).toBe(false);
    expect(description.safeParse('😀'.repeat(5000)).success).toBe(true);
    expect(description.safeParse('😀'.repeat(5001)).success).toBe(false);
  });

  test('an upload is announced with a hash in lower case and at least one byte', () => {
    const good = { hash: 'a'.repeat(64), sizeBytes: 1, mimeType: ' IMAGE/JPEG ' };
    expect(createUploadSession.body.parse(good).mimeType).toBe('image/jpeg');
    for (const odd of [
      { ...good, hash: 'A'.repeat(64) },
      { ...good, hash: 'a'.repeat(63) },
      { ...good, sizeBytes: 0 },
      { ...good, sizeBytes: 1.5 },
      { ...good, sizeBytes: 2 ** 53 },
      { ...good, capturedAt: '2026-02-30T00:00:00Z' },
      { ...good, capturedAt: '2026-01-01' },
      { ...good, locationLat: 91 },
      { ...good, width: 0 },
    ]) {
      expect([odd, createUploadSession.body.safeParse(odd).success]).toEqual([odd, false]);
    }
  });

  test('one photo or several are put into an album, not both and not none', () => {
    const photoId = photoRecordExample.id;
    const ok = (body: object) => addAlbumItems.body.safeParse(body).success;
    expect(ok({ photoId })).toBe(true);
    expect(ok({ photoIds: [photoId] })).toBe(true);
    for (const odd of [{}, { photoId, photoIds: [photoId] }, { photoIds: [] }]) expect(ok(odd)).toBe(false);
  });

  test('an e-mail address is compared without case; a password is taken as it is', () => {
    const body = register.body.parse({ email: ' Ann@Example.ORG ', password: ' with spaces ' });
    expect(body).toEqual({ email: 'ann@example.org', password: ' with spaces ' });
    expect(register.body.safeParse({ email: 'ann', password: 'long enough' }).success).toBe(false);
  });

  test('completing needs no body, and ignores a storage key', () => {
    for (const body of [undefined, {}, { storageKey: 'x' }]) {
      expect(completeUpload.body.safeParse(body).success).toBe(true);
    }
  });
});

describe('answers', () => {
  const url = (userId: string, photoId: string, variant: string) =>
    `https://x/${userId}/${photoId}/${variant}`;

  test('a photo is its record with the URLs of previews that exist', () => {
    const photo = photoView(photoRecordExample, url);
    const { id, userId } = photoRecordExample;
    expect(photo.thumbnails).toEqual({
      thumb: `https://x/${userId}/${id}/thumb`,
      medium: `https://x/${userId}/${id}/medium`,
    });
    expect(endpoints.getPhoto.success.body.parse(JSON.parse(JSON.stringify(photo)))).toEqual(photo);
    expect(photoView({ ...photoRecordExample, processing: 'pending' }, url).thumbnails).toEqual({});
    expect(photoView({ ...photoRecordExample, processing: 'failed' }, url).thumbnails).toEqual({});
  });

  test('feed items come through as they are', () => {
    const updatedAt = '2026-05-01T12:00:00.000Z';
    const { album } = payloadExamples['album.changed'];
    const answer = {
      items: [
        { type: 'photo', data: photoView(photoRecordExample, url), updatedAt },
        { type: 'album', data: { ...album, photoIds: [photoRecordExample.id] }, updatedAt },
        {
          type: 'tombstone',
          data: { entity: 'photo', id: photoRecordExample.id, deletedAt: updatedAt, permanent: true },
          updatedAt,
        },
      ],
      cursor: 'abc',
      hasMore: false,
    };
    expect(endpoints.getFeed.success.body.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
  });

  test('every problem has a status of its kind and a title; extra members pass', () => {
    for (const [code, { status, title }] of Object.entries(problemCatalog)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title.length).toBeGreaterThan(5);
      const problem = { type: `urn:lazyphotos:problem:${code}`, title, status, code, expected: 8 };
      expect(problemSchema.parse(problem)).toEqual(problem);
    }
  });

  test('the version is the one of the release', async () => {
    const { default: root } = await import('../../../package.json', { with: { type: 'json' } });
    expect(VERSION).toBe(root.version);
  });
});

describe('media types', () => {
  test.each(ACCEPTED_TYPES.map((type) => [type.mimeType, type] as const))(
    '%s is found under all its names',
    (mimeType, { aliases = [], sniffed = [], extensions }) => {
      for (const name of [mimeType, ...aliases]) expect(canonicalMimeType(name)).toBe(mimeType);
      expect(contentMatches(mimeType, mimeType)).toBe(true);
      for (const type of sniffed) expect(contentMatches(mimeType, type)).toBe(true);
      expect(extensions.length).toBeGreaterThan(0);
    },
  );

  test('no name and no extension belongs to two', () => {
    const names = ACCEPTED_TYPES.flatMap(({ mimeType, aliases = [] }) => [mimeType, ...aliases]);
    const extensions = ACCEPTED_TYPES.flatMap((type) => type.extensions);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(extensions).size).toBe(extensions.length);
  });

  test('what is promised is accepted, and nothing else', () => {
    const promised = 'jpg jpeg png webp gif tif tiff heic heif avif dng cr2 cr3 nef arw raf orf rw2'.split(
      ' ',
    );
    const extensions = ACCEPTED_TYPES.flatMap((type) => type.extensions);
    for (const extension of promised) expect(extensions).toContain(extension);
    for (const odd of ['image/svg+xml', 'text/html', 'application/pdf', 'image', '', 'IMAGE/JPEG']) {
      expect(canonicalMimeType(odd)).toBeUndefined();
    }
  });

  test('content must be what its type says', () => {
    expect(contentMatches('image/jpeg', 'image/png')).toBe(false);
    expect(contentMatches('image/tiff', 'image/x-canon-cr2')).toBe(false);
    expect(contentMatches('image/jpeg', 'text/html')).toBe(false);
    expect(contentMatches('text/html', 'text/html')).toBe(false);
    expect(contentMatches('image/heic', 'image/heif')).toBe(true);
    expect(contentMatches('image/x-nikon-nef', 'image/tiff')).toBe(true);
    expect(contentMatches('image/x-canon-cr3', 'image/tiff')).toBe(false);
  });

  test('a photo is stored under the type of its content', () => {
    expect(storedMimeType('image/jpeg', 'image/jpeg')).toBe('image/jpeg');
    expect(storedMimeType('image/x-nikon-nef', 'image/tiff')).toBe('image/x-nikon-nef');
    expect(storedMimeType('image/heic', 'image/heif')).toBe('image/heic');
    expect(storedMimeType('image/heif', 'image/avif')).toBe('image/avif');
    expect(storedMimeType('image/heif', 'image/heic-sequence')).toBe('image/heic');
    expect(storedMimeType('image/heif', 'image/jpeg')).toBeUndefined();
    expect(storedMimeType('image/heic', 'image/avif')).toBeUndefined();
    expect(storedMimeType('image/avif', 'image/heic')).toBeUndefined();
    expect(storedMimeType('image/jpeg', 'image/png')).toBeUndefined();
    expect(storedMimeType('image/tiff', 'image/x-canon-cr2')).toBeUndefined();
  });

  test('camera RAW is known as such', () => {
    const raw = ACCEPTED_TYPES.filter(({ mimeType }) => isCameraRaw(mimeType));
    expect(raw.flatMap(({ extensions }) => extensions).sort()).toEqual([
      'arw',
      'cr2',
      'cr3',
      'dng',
      'nef',
      'orf',
      'raf',
      'rw2',
    ]);
  });
});
