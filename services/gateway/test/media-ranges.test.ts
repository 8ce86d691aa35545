import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { type Gateway, startGateway } from './harness.js';
import { type Picture, storePicture } from './pictures.js';

const SIZE = 1000;

describeWithPostgres('parts of a picture', () => {
  let gateway: Gateway;
  let picture: Picture;
  beforeAll(async () => {
    gateway = await startGateway();
    const bytes = Buffer.from(Array.from({ length: SIZE }, (_, index) => index % 251));
    picture = await storePicture(gateway, { bytes });
  });
  afterAll(() => gateway.stop());

  const get = (range: string, more: Record<string, string> = {}, method = 'GET') =>
    gateway.call(picture.url, { method, headers: { range, ...more } });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-99', 0, 99],
    ['bytes=500-', 500, 999],
    ['bytes=999-', 999, 999],
    ['bytes=999-5000', 999, 999],
    ['bytes=-1', 999, 999],
    ['bytes=-300', 700, 999],
    ['bytes=-5000', 0, 999],
    ['bytes=0-', 0, 999],
    ['bytes= 10-20', 10, 20],
  ])('%s', async (range, start, end) => {
    const reply = await get(range);
    expect(reply.status).toBe(206);
    expect(reply.headers.get('content-range')).toBe(`bytes ${start}-${end}/${SIZE}`);
    expect(reply.headers.get('content-length')).toBe(String(end - start + 1));
    expect(reply.headers.get('etag')).toBe(`"${picture.sha256}"`);
    expect(reply.bytes.equals(picture.bytes.subarray(start, end + 1))).toBe(true);
  });

  it.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('%s is outside: 416', async (range) => {
    const reply = await get(range);
    expect(reply).toMatchObject({ status: 416, body: { code: 'range_not_satisfiable' } });
    expect(reply.headers.get('content-range')).toBe(`bytes */${SIZE}`);
    expect(reply.headers.get('content-type')).toMatch('application/problem+json');
    for (const name of ['etag', 'content-disposition', 'last-modified']) {
      expect(reply.headers.get(name)).toBeNull();
    }
  });

  it.each([
    'bytes=0-1,10-11',
    'bytes=0-9,5-19',
    'bytes=9-5',
    'bytes=-',
    'bytes=',
    'bytes',
    'bytes=a-b',
    'bytes=1.5-3',
    'bytes=--5',
    'bytes=5',
    'items=0-5',
    '',
  ])('several ranges and malformed ones are answered with everything: %j', async (range) => {
    const reply = await get(range);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-range')).toBeNull();
    expect(reply.bytes.equals(picture.bytes)).toBe(true);
  });

  it('numbers beyond all bounds are harmless', async () => {
    const huge = '9'.repeat(400);
    expect((await get(`bytes=${huge}-`)).status).toBe(416);
    expect((await get(`bytes=0-${huge}`)).headers.get('content-range')).toBe(`bytes 0-999/${SIZE}`);
    expect((await get(`bytes=-${huge}`)).headers.get('content-range')).toBe(`bytes 0-999/${SIZE}`);
  });

  it('If-Range: the part when the copy is this one, everything when it is not', async () => {
    expect((await get('bytes=0-9', { 'if-range': `"${picture.sha256}"` })).status).toBe(206);
    for (const condition of ['"other"', `W/"${picture.sha256}"`, new Date(0).toUTCString()]) {
      const reply = await get('bytes=0-9', { 'if-range': condition });
      expect(reply.status).toBe(200);
      expect(reply.bytes.equals(picture.bytes)).toBe(true);
    }
    // Also where the range would be outside: it speaks of another version.
    expect((await get('bytes=5000-', { 'if-range': '"other"' })).status).toBe(200);
  });

  it('If-None-Match comes before Range', async () => {
    expect((await get('bytes=5000-', { 'if-none-match': `"${picture.sha256}"` })).status).toBe(304);
  });

  it('HEAD knows no ranges', async () => {
    const reply = await get('bytes=0-9', {}, 'HEAD');
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-length')).toBe(String(SIZE));
  });

  it('an empty file has no part', async () => {
    const { url } = await storePicture(gateway, { bytes: Buffer.alloc(0) });
    const reply = await gateway.call(url, { headers: { range: 'bytes=0-' } });
    expect(reply.status).toBe(416);
    expect(reply.headers.get('content-range')).toBe('bytes */0');
  });

  it('parts put together are the picture', async () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: SIZE - 1 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (inner) => {
        const bounds = [0, ...inner.sort((a, b) => a - b), SIZE];
        const parts = await Promise.all(
          bounds.slice(1).map((end, index) => get(`bytes=${bounds[index]}-${end - 1}`)),
        );
        for (const { status } of parts) expect(status).toBe(206);
        expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(picture.bytes)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
