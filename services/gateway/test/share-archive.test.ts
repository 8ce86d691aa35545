import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { createHttpServer, listen } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually, http } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { cutStalledReader } from '../src/media/serve-object.js';
import { createEntryNames, entryTime } from '../src/shares/archive-entries.js';
import { type Gateway, startGateway } from './harness.js';
import { cleaned, createShared, type Shared } from './shared.js';

interface Unzipped {
  name: string;
  bytes: Buffer;
  /** As a program in this zone shows it. */
  time: string;
  compressionMethod: number;
}

const localTime = (date: Date): string => {
  const [y, mo, d, h, mi, s] = [
    date.getFullYear(),
    date.getMonth() + 1,
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ].map((part) => String(part).padStart(2, '0'));
  return `${y}-${mo}-${d} ${h}:${mi}:${s}`;
};

/** Reads a ZIP with another library than the one that wrote it, checking CRC-32 and sizes. */
async function unzip(zip: Buffer): Promise<Unzipped[]> {
  const file = await promisify<Buffer, object, ZipFile>(fromBuffer)(zip, {
    lazyEntries: false,
    autoClose: false,
  });
  const entries: Entry[] = [];
  await new Promise((resolve, reject) =>
    file
      .on('entry', (entry) => entries.push(entry))
      .on('end', resolve)
      .on('error', reject),
  );
  return Promise.all(
    entries.map(async (entry) => {
      const stream = await promisify<Entry, Readable>(file.openReadStream.bind(file))(entry);
      return {
        name: entry.fileName,
        bytes: await buffer(stream),
        time: localTime(entry.getLastModDate()),
        compressionMethod: entry.compressionMethod,
      };
    }),
  );
}

describeWithPostgres('the archive of a share link', () => {
  let gateway: Gateway;
  let shared: Shared;
  const open = new Set<Readable>();
  /** Keeps an eye on what is read from the store. */
  const watched = (real: ObjectStore): ObjectStore =>
    new Proxy(real, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (name !== 'get') return value.bind(target);
        return async (...args: Parameters<ObjectStore['get']>) => {
          const opened = await target.get(...args);
          open.add(opened.body);
          opened.body.once('close', () => open.delete(opened.body));
          mostOpen = Math.max(mostOpen, open.size);
          return opened;
        };
      },
    });
  let mostOpen = 0;
  beforeAll(async () => {
    shared = createShared();
    gateway = await startGateway({
      shares: shared.shares,
      copies: shared.copies,
      store: watched,
      settings: { trustedProxies: ['loopback'] },
    });
    shared.use(gateway);
  });
  beforeEach(() => {
    gateway.state.stoppedAt = undefined;
    shared.photos.length = 0;
    shared.views.length = 0;
    mostOpen = 0;
  });
  afterAll(() => gateway.stop());

  const archive = (token: string, headers: Record<string, string> = {}) =>
    gateway.call(`/s/${token}/archive`, { headers });

  it('holds every photo of every page, as it is, with the time of its place, and unique names', async () => {
    const names = [
      'sea.jpg',
      'SEA.jpg',
      'sea.JPG',
      'sea (2).jpg',
      '../../etc/pass\\wd',
      'con.txt',
      'été.heic',
    ];
    for (const fileName of names)
      await shared.addPhoto({ fileName, capturedAt: '2024-07-01T22:30:10.000Z', capturedAtOffset: 345 });
    const reply = await archive(shared.share({ showLocation: true, title: 'Summer: 2024/25' }));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('application/zip');
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment; filename="/);
    expect(reply.headers.get('cache-control')).toBe('private, no-store');
    const entries = await unzip(reply.bytes);
    expect(entries.map(({ name }) => name)).toEqual([
      'sea.jpg',
      'SEA (2).jpg',
      'sea (3).JPG',
      'sea (2) (2).jpg',
      '_.._etc_pass_wd',
      'con_.txt',
      'été.heic',
    ]);
    for (const [index, entry] of entries.entries()) {
      expect(entry.bytes.equals(shared.photos[index]?.bytes as Buffer)).toBe(true);
      expect(entry).toMatchObject({ time: '2024-07-02 04:15:10', compressionMethod: 0 });
    }
    expect(mostOpen).toBe(1);
    expect(shared.views.every(({ counted }) => !counted)).toBe(true);
  });

  it('holds originals without their location, unless the link shows it', async () => {
    const { bytes } = await shared.addPhoto();
    const [entry] = await unzip((await archive(shared.share())).bytes);
    expect(entry?.bytes.equals(cleaned(bytes))).toBe(true);
  });

  it('lists in a file what could not be put in: purged meanwhile, or not to be cleaned', async () => {
    const gone = await shared.addPhoto({ fileName: 'gone.jpg' });
    const unclean = await shared.addPhoto({ fileName: 'unclean.cr3' });
    const good = await shared.addPhoto({ fileName: 'not-included.txt' });
    await gateway.store.delete(`originals/${shared.userId}/${gone.id}`);
    shared.unclean.add(unclean.id);
    const entries = await unzip((await archive(shared.share())).bytes);
    expect(entries.map(({ name }) => name)).toEqual(['not-included.txt', 'not-included (2).txt']);
    expect(entries[0]?.bytes.equals(cleaned(good.bytes))).toBe(true);
    const text = String(entries[1]?.bytes);
    expect(text).toMatch(/^gone\.jpg: .*deleted/m);
    expect(text).toMatch(/^unclean\.cr3: .*location/m);
    expect(text).not.toContain(shared.userId);
  });

  it('is for links that allow downloads, and for those who have the password', async () => {
    await shared.addPhoto();
    expect(await archive(shared.share({ allowDownload: false }))).toMatchObject({
      status: 403,
      body: { code: 'downloads_not_allowed' },
    });
    const [one, two] = [shared.share({ password: 'same' }), shared.share({ password: 'same' })];
    const unlockOf = async (token: string) => (await shared.shares.unlock(token, 'same')).token;
    const refused = [await archive(one), await archive(one, { 'x-share-token': await unlockOf(two) })];
    for (const reply of refused)
      expect(reply).toMatchObject({ status: 401, body: { code: 'share_password_required' } });
    expect((await archive(one, { cookie: `share-unlock=${await unlockOf(one)}` })).status).toBe(200);
    expect(await archive('A'.repeat(43))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await gateway.call(`/s/${two}/archive`, { method: 'POST' })).status).toBe(405);
  });

  it('is empty for an empty album, and HEAD sends no body', async () => {
    const token = shared.share();
    expect(await unzip((await archive(token)).bytes)).toEqual([]);
    const head = await gateway.call(`/s/${token}/archive`, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
  });

  describe('over a slow line', () => {
    /** More than all buffers between store and client. */
    const bytes = randomBytes(16_000_000);

    /** Requests an archive and reads nothing of it. */
    const begin = (token: string, { from = '192.0.2.1', at = gateway } = {}) =>
      new Promise<{ body: IncomingMessage; destroy: () => void }>((resolve, reject) => {
        const headers = { 'x-forwarded-for': from };
        const sent = request(`${at.url}/s/${token}/archive`, { headers, agent: false }, (body) =>
          resolve({ body, destroy: () => sent.destroy() }),
        );
        sent.on('error', reject).end();
      });
    /** Requests an archive that is refused, or is read whole. */
    const statusFor = async (token: string, from: string) =>
      (await archive(token, { 'x-forwarded-for': from })).status;

    describe('with many at a time', () => {
      const begun: { body: IncomingMessage; destroy: () => void }[] = [];
      const beginWith = async (token: string, from: string) => {
        const client = await begin(token, { from });
        client.body.on('error', () => undefined);
        begun.push(client);
        return client;
      };
      /** Another link of which an archive is short. */
      let short: string;
      beforeEach(async () => {
        for (let n = 0; n < 2; n += 1) await shared.addPhoto({ bytes });
        short = shared.share({ showLocation: true });
      });
      afterEach(async () => {
        for (const client of begun.splice(0)) client.destroy();
        await eventually(() => expect(open.size).toBe(0));
      });

      it('sends three to a client, also of several links, and more once one has ended', async () => {
        const token = shared.share({ showLocation: true });
        const other = shared.share({ showLocation: true });
        const first = await beginWith(token, '2001:db8::1');
        await beginWith(token, '2001:db8::2');
        await beginWith(other, '2001:db8::3');
        const refused = await archive(short, { 'x-forwarded-for': '2001:db8::4' });
        expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await statusFor(token, '192.0.2.9')).toBe(200);
        first.destroy();
        await eventually(async () => expect(await statusFor(short, '2001:db8::4')).toBe(200));
      });

      it('sends eight of a link, sixteen in all, and more once one has ended', async () => {
        const [one, two] = [shared.share({ showLocation: true }), shared.share({ showLocation: true })];
        for (let n = 0; n < 8; n += 1) await beginWith(one, `192.0.2.${n}`);
        const refused = await archive(one, { 'x-forwarded-for': '192.0.2.99' });
        expect(refused).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await statusFor(short, '192.0.2.99')).toBe(200);
        for (let n = 0; n < 8; n += 1) await beginWith(two, `198.51.100.${n}`);
        expect(await statusFor(short, '192.0.2.99')).toBe(503);
        begun[0]?.destroy();
        await eventually(async () => expect(await statusFor(one, '192.0.2.99')).toBe(200));
      });
    });

    it('cuts a client that takes no byte', async () => {
      const quick = await startGateway({
        shares: shared.shares,
        copies: shared.copies,
        store: watched,
        stallMs: 1,
      });
      shared.use(quick);
      try {
        await shared.addPhoto({ bytes });
        const token = shared.share({ showLocation: true });
        const client = await begin(token, { at: quick });
        const cut = once(client.body, 'error');
        await eventually(() => expect([mostOpen, open.size]).toEqual([1, 0]));
        client.body.resume();
        expect(await cut).toMatchObject([{ code: 'ECONNRESET' }]);
      } finally {
        shared.use(gateway);
        await quick.stop();
      }
    });

    it('does not cut a client while nothing waits to be sent', async () => {
      const server = createHttpServer((_req, res) => {
        cutStalledReader(res, 60_000);
        res.write('early ', () => {
          res.emit('timeout');
          res.end('late');
        });
      });
      const { port, close } = await listen(server, 0, '127.0.0.1');
      try {
        expect((await http(`http://127.0.0.1:${port}`)).text).toBe('early late');
      } finally {
        await close(0);
      }
    });

    it('reads no further than the client does, and stops when the client goes away', async () => {
      for (let n = 0; n < 3; n += 1) await shared.addPhoto({ bytes });
      const client = await begin(shared.share({ showLocation: true }));
      client.body.on('error', () => undefined);
      await eventually(() => expect(open.size).toBe(1));
      const [reading] = [...open];
      client.destroy();
      await eventually(() => expect(open.size).toBe(0));
      expect(reading?.destroyed).toBe(true);
      // The first photo was never read to its end, so no other one was opened.
      expect(mostOpen).toBe(1);
      expect(reading?.readableEnded).toBe(false);
    });

    it('ends when the link is revoked meanwhile: the connection is cut, and half does not pass for the whole', async () => {
      for (let n = 0; n < 3; n += 1) await shared.addPhoto({ bytes });
      const start = Date.parse('2026-05-01T12:00:00.000Z');
      gateway.state.stoppedAt = start;
      const token = shared.share({ showLocation: true });
      const client = await begin(token);
      await eventually(() => expect(open.size).toBe(1));
      shared.revoke(token);
      gateway.state.stoppedAt = start + 900_000;
      await expect(buffer(client.body)).rejects.toThrow('aborted');
    });

    it('continues with new URLs when those of its page have ended', async () => {
      for (let n = 0; n < 3; n += 1) await shared.addPhoto({ bytes });
      const start = Date.parse('2026-05-01T12:00:00.000Z');
      gateway.state.stoppedAt = start;
      const client = await begin(shared.share({ showLocation: true }));
      await eventually(() => expect(open.size).toBe(1));
      gateway.state.stoppedAt = start + 900_000;
      const entries = await unzip(await buffer(client.body));
      expect(entries.map((entry) => entry.bytes.equals(bytes))).toEqual([true, true, true]);
      expect(shared.views).toHaveLength(2);
    });
  });
});

describe('names in an archive', () => {
  it('are unique without regard to case, and valid on every file system, for all names of photos', () => {
    const fileName = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.constantFrom(
        'a.jpg',
        'A.JPG',
        'a (2).jpg',
        'é.jpg',
        'e\u0301.jpg',
        '.',
        '..',
        '...',
        ' ',
        'NUL',
        'aux.jpg',
        '/',
      ),
      fc.string({ unit: fc.constantFrom('字', '👨‍👩‍👧‍👦', 'x'), minLength: 90, maxLength: 300 }),
    );
    fc.assert(
      fc.property(fc.array(fileName, { maxLength: 30 }), (fileNames) => {
        const nameFor = createEntryNames();
        const names = fileNames.map(nameFor);
        expect(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(names.length);
        for (const name of names) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
          expect(name).not.toMatch(/[/\\:*?"<>|\u0000-\u001f]|^\.|[. ]$|^(con|nul|aux|prn)(\.|$)/i);
          expect(name.trim()).not.toBe('');
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });
});

describe('the time of an entry', () => {
  const uploadedAt = new Date(2025, 4, 6, 7, 8, 10);
  it.each([
    ['in its zone', { capturedAt: '2024-12-31T23:30:00.000Z', capturedAtOffset: 60 }, '2025-01-01 00:30:00'],
    [
      'west of UTC',
      { capturedAt: '2024-03-01T02:00:00.000Z', capturedAtOffset: -570 },
      '2024-02-29 16:30:00',
    ],
    ['in UTC without a zone', { capturedAt: '2024-03-01T02:00:00.000Z' }, '2024-03-01 02:00:00'],
    ['before ZIP knows years', { capturedAt: '1899-03-01T02:00:00.000Z' }, '1980-01-01 00:00:00'],
    ['after it', { capturedAt: '2300-03-01T02:00:00.000Z' }, '2107-12-31 23:59:58'],
    ['of the upload without a date', {}, '2025-05-06 07:08:10'],
  ])('is that of the place: %s', (_name, photo, expected) => {
    expect(localTime(entryTime(photo, uploadedAt))).toBe(expected);
  });
});
