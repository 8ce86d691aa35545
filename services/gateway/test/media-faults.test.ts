import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from '@jest/globals';
import { type ObjectStore, StorageUnavailableError } from '@lazyphotos/object-storage';
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
    const reply = await gateway.call(url, { headers: { range: 'bytes=0-5' } });
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
    expect(await gateway.call(url)).toMatchObject({ status: 404, body: { code: 'not_found' } });
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
    for (const range of ['bytes=0-', 'bytes=20-30', 'bytes=5000-', undefined]) {
      const { url } = await storePicture(gateway, { variant: 'thumb' });
      const first = await gateway.call(url, range ? { headers: { range } } : {});
      expect(first).toMatchObject({ status: 503 });
      expect(first.headers.get('retry-after')).toBe('1');
      const second = await gateway.call(url);
      expect(second.bytes.equals(replacement)).toBe(true);
    }
  });
});
