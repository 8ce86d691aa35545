import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from '@jest/globals';
import { type LocalFiles, type ObjectStore, StorageUnavailableError } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { type Gateway, type GatewayOptions, startGateway } from './harness.js';
import { storePicture } from './pictures.js';

let gateway: Gateway;
const start = async (store?: GatewayOptions['store']) => {
  gateway = await startGateway(store ? { store } : {});
};
afterEach(() => gateway.stop());

/** Files of the object store that this process has open. */
const openPictures = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /\/(originals|derived)\//.test(target) ? [target] : [];
    } catch {
      return []; // Closed while it was looked at.
    }
  });

/** The store, which adds to `asked` what it is asked for. */
const recordingRequests = (real: ObjectStore, asked: string[]): ObjectStore => ({
  ...real,
  head: (key) => {
    asked.push('head');
    return real.head(key);
  },
  get: (key, range) => {
    asked.push('get');
    return real.get(key, range);
  },
});

/** Downloads until `enough` bytes have come, then goes away. */
const leaveInTheMiddle = (url: string, enough: number): Promise<void> =>
  new Promise((resolve) => {
    const client = request(gateway.url + url, (response) => {
      let seen = 0;
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        if (seen >= enough) client.destroy();
      });
    });
    client.on('error', () => undefined);
    client.on('close', resolve);
    client.end();
  });

describeWithPostgres('pictures that are not sent to their end', () => {
  it('leave no file open, and nothing in the log but that the client left', async () => {
    await start();
    const { url } = await storePicture(gateway, { bytes: Buffer.alloc(30_000_000, 7) });
    await Promise.all(Array.from({ length: 8 }, () => leaveInTheMiddle(url, 300_000)));
    await eventually(() => expect(openPictures()).toEqual([]));
    await eventually(() =>
      expect(gateway.logs.filter(({ fields }) => fields?.status === 'aborted')).toHaveLength(8),
    );
    expect(gateway.logs.filter(({ level }) => level !== 'info')).toEqual([]);
    expect((await gateway.call(url)).bytes).toHaveLength(30_000_000);
    await eventually(() => expect(openPictures()).toEqual([]));
  });

  it('leave no file open when the client left before it was opened', async () => {
    let asked = 0;
    let opened = 0;
    const { promise: clientHasLeft, resolve: leave } = Promise.withResolvers<void>();
    await start((real) => ({
      ...real,
      get: async (key, range) => {
        asked += 1;
        await clientHasLeft;
        const result = await real.get(key, range);
        opened += 1;
        return result;
      },
    }));
    const { url } = await storePicture(gateway);
    const client = new AbortController();
    const failed = expect(gateway.call(url, { signal: client.signal })).rejects.toThrow();
    await eventually(() => expect(asked).toBe(1));
    client.abort();
    await failed;
    await eventually(() =>
      expect(gateway.logs.filter(({ fields }) => fields?.status === 'aborted')).toHaveLength(1),
    );
    leave();
    await eventually(() => expect(opened).toBe(1));
    await eventually(() => expect(openPictures()).toEqual([]));
  });

  it('are cut when the disk fails in the middle, so that no client takes a half for the whole', async () => {
    await start((real) => ({
      ...real,
      get: async (key, range) => {
        const { info, body } = await real.get(key, range);
        body.destroy();
        return { info, body: Readable.from(halfOf(info.size)) };
      },
    }));
    const { url } = await storePicture(gateway, { bytes: Buffer.alloc(1_000_000, 7) });
    await expect(gateway.call(url)).rejects.toThrow();
  });
});

async function* halfOf(size: number) {
  yield Buffer.alloc(size / 2);
  throw new StorageUnavailableError('the disk is gone');
}

/** A store of which one method fails once it is told to. */
const failing = (method: 'head' | 'get', error: unknown) => (real: ObjectStore) => ({
  ...real,
  [method]: async () => {
    throw error;
  },
});

describeWithPostgres('a store that fails', () => {
  it.each(['head', 'get'] as const)('at %s gives 503 and no header of the picture', async (method) => {
    await start(failing(method, new StorageUnavailableError('no disk')));
    const { url } = await storePicture(gateway);
    const reply = await gateway.call(url, { headers: { range: 'bytes=-5' } });
    expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    for (const name of ['etag', 'content-range', 'content-disposition', 'accept-ranges']) {
      expect(reply.headers.get(name)).toBeNull();
    }
    expect(reply.text).not.toContain('disk');
  });

  it('because the picture was deleted a moment ago gives 404', async () => {
    await start((real) => ({
      ...real,
      head: async (key) => {
        const info = await real.head(key);
        await real.delete(key);
        return info;
      },
    }));
    const { url } = await storePicture(gateway);
    // The last bytes of a file whose size is not known yet: it is looked at first.
    const part = { headers: { range: 'bytes=-5' } };
    expect(await gateway.call(url, part)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await gateway.call(url)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it.each(['deleted', 'replaced'])(
    'sends all of the version that it has opened: %s meanwhile',
    async (how) => {
      await start((real) => ({
        ...real,
        get: async (key, range) => {
          const opened = await real.get(key, range);
          if (how === 'deleted') await real.delete(key);
          else await real.put(key, Buffer.alloc(50, 1), { contentType: 'image/png' });
          return opened;
        },
      }));
      for (const variant of ['original', 'thumb'] as const) {
        const { url, bytes, sha256 } = await storePicture(gateway, { variant });
        const reply = await gateway.call(url);
        expect(reply.bytes.equals(bytes)).toBe(true);
        expect(reply.headers.get('etag')).toBe(`"${sha256}"`);
        expect(reply.headers.get('content-type')).toBe('image/jpeg');
        const another = await storePicture(gateway, { variant });
        const part = await gateway.call(another.url, { headers: { range: 'bytes=20-' } });
        expect(part.bytes.equals(another.bytes.subarray(20))).toBe(true);
        expect(part.headers.get('etag')).toBe(`"${another.sha256}"`);
      }
    },
  );

  it('is asked once for a picture, a part of it, its headers, or whether it has changed', async () => {
    const asked: string[] = [];
    await start((real) => recordingRequests(real, asked));
    for (const variant of ['original', 'thumb'] as const) {
      const { url, sha256 } = await storePicture(gateway, { variant });
      const requests = [
        {},
        { method: 'HEAD' },
        { headers: { range: 'bytes=0-99' } },
        { headers: { range: 'bytes=100-' } },
        { headers: { range: 'bytes=100-', 'if-range': `"${sha256}"` } },
        { headers: { 'if-none-match': `"${sha256}"` } },
        { headers: { 'if-none-match': '"other"' } },
        { headers: { 'if-modified-since': new Date(0).toUTCString() } },
      ];
      for (const request of requests) {
        asked.length = 0;
        const { status } = await gateway.call(url, request);
        expect([200, 206, 304]).toContain(status);
        expect(asked).toEqual([request.method === 'HEAD' ? 'head' : 'get']);
      }
    }
    await eventually(() => expect(openPictures()).toEqual([]));
  });

  it('on a server is asked for no bytes that a condition may spare', async () => {
    const asked: string[] = [];
    await start(({ localPath: _, ...real }: ObjectStore & Partial<LocalFiles>) =>
      recordingRequests(real, asked),
    );
    const { url, sha256, bytes } = await storePicture(gateway);
    const unchanged = { headers: { 'if-none-match': `"${sha256}"` } };
    expect((await gateway.call(url, unchanged)).status).toBe(304);
    expect(asked).toEqual(['head']);
    const changed = await gateway.call(url, { headers: { 'if-none-match': '"other"' } });
    expect(changed.bytes.equals(bytes)).toBe(true);
    expect(asked).toEqual(['head', 'head', 'get']);
  });

  it('never mixes two versions of a picture', async () => {
    const replacement = Buffer.alloc(50, 1);
    await start((real) => ({
      ...real,
      head: async (key) => {
        const info = await real.head(key);
        if (info.size === 10_000) await real.put(key, replacement, { contentType: 'image/jpeg' });
        return info;
      },
    }));
    for (const headers of [
      { range: 'bytes=-20' },
      { range: 'bytes=-9000' },
      { range: 'bytes=20-30', 'if-none-match': '"other"' },
      { range: 'bytes=5000-', 'if-none-match': '"other"' },
    ]) {
      const { url } = await storePicture(gateway, { variant: 'thumb' });
      const first = await gateway.call(url, { headers });
      expect(first).toMatchObject({ status: 503 });
      expect(first.headers.get('retry-after')).toBe('1');
      const second = await gateway.call(url);
      expect(second.bytes.equals(replacement)).toBe(true);
    }
  });
});
