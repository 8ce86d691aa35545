import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect } from '@jest/globals';
import { isStored, requireStored } from '../../src/index.js';
import {
  brokenStream,
  collect,
  expectSameBytes,
  keysOf,
  nothingIsVisible,
  PLAIN,
  read,
  rejectsWith,
  type Suite,
  sha256,
  streamOf,
  uniquePrefix,
} from './suite.js';

export function describeObjects(suite: Suite): void {
  describe('objects', () => {
    describeStoring(suite);
    describeReplacing(suite);
    describeDeleting(suite);
    describeFailing(suite);
  });
}

function describeStoring({ store, test }: Suite): void {
  test('objects', 'a stream is read back byte for byte', async () => {
    const key = `${uniquePrefix()}stream`;
    const bytes = randomBytes(300_001);
    const stored = await store().put(key, streamOf(bytes), { contentType: 'image/jpeg' });
    expect(stored).toMatchObject({ key, size: bytes.length, contentType: 'image/jpeg', metadata: {} });
    expectSameBytes(await read(store(), key), bytes);
  });

  test('objects', 'it can be asked whether an object is there', async () => {
    const key = `${uniquePrefix()}there`;
    expect(await isStored(store(), key)).toBe(false);
    await rejectsWith(requireStored(store(), key), 'object_not_found');
    await store().put(key, randomBytes(10), PLAIN);
    expect(await isStored(store(), key)).toBe(true);
    await requireStored(store(), key);
    await store().delete(key);
    await rejectsWith(requireStored(store(), key), 'object_not_found');
  });

  test('objects', 'a stream of known size is read back, also a large one', async () => {
    for (const size of [1, 300_001, 7_000_000]) {
      const key = `${uniquePrefix()}known`;
      const bytes = randomBytes(size);
      const metadata = { sha256: sha256(bytes) };
      const stored = await store().put(key, streamOf(bytes), { ...PLAIN, metadata }, { size });
      expect(stored).toMatchObject({ key, size, etag: metadata.sha256 });
      expectSameBytes(await read(store(), key), bytes);
    }
  });

  test(
    'objects',
    'an object that can be made again is stored, replaced and deleted like any other',
    async () => {
      const prefix = uniquePrefix();
      const key = `${prefix}deep/derived`;
      for (const bytes of [randomBytes(30_000), randomBytes(20_000)]) {
        const attributes = { ...PLAIN, metadata: { sha256: sha256(bytes) } };
        const stored = await store().put(key, bytes, attributes, { reproducible: true });
        expect(await store().head(key)).toEqual(stored);
        expect(stored.isDamaged).toBeUndefined();
        expectSameBytes(await read(store(), key), bytes);
      }
      await store().put(`${prefix}deep/other`, streamOf(randomBytes(100)), PLAIN, { size: 100 });
      expect(await keysOf(store(), prefix)).toEqual([key, `${prefix}deep/other`]);
      await store().delete(key);
      await nothingIsVisible(store(), key);
    },
  );

  test('objects', 'a buffer and an empty object are read back', async () => {
    const prefix = uniquePrefix();
    await store().put(`${prefix}buffer`, Buffer.from('hello'), PLAIN);
    expect((await read(store(), `${prefix}buffer`)).toString()).toBe('hello');
    await store().put(`${prefix}empty`, Buffer.alloc(0), PLAIN);
    expect((await store().head(`${prefix}empty`)).size).toBe(0);
    expect((await read(store(), `${prefix}empty`)).length).toBe(0);
  });

  test('objects', 'put, head, get and list say the same', async () => {
    const key = `${uniquePrefix()}said`;
    const stored = await store().put(key, Buffer.from('x'), { ...PLAIN, metadata: { owner: 'ann' } });
    expect(await store().head(key)).toEqual(stored);
    const { info, body } = await store().get(key);
    body.destroy();
    expect(info).toEqual(stored);
    for await (const listed of store().list(key))
      expect(listed).toMatchObject({ key, etag: stored.etag, size: 1 });
    expect(Math.abs(Date.now() - stored.lastModified.getTime())).toBeLessThan(600_000);
  });

  test('objects', 'the etag is the given hash, else a tag that changes with the bytes', async () => {
    const prefix = uniquePrefix();
    const hash = sha256(Buffer.from('one'));
    const metadata = { sha256: hash };
    expect((await store().put(`${prefix}a`, Buffer.from('one'), { ...PLAIN, metadata })).etag).toBe(hash);
    expect((await store().head(`${prefix}a`)).etag).toBe(hash);
    const first = await store().put(`${prefix}b`, Buffer.from('one'), PLAIN);
    const second = await store().put(`${prefix}b`, Buffer.from('two'), PLAIN);
    expect(second.etag).not.toBe(first.etag);
    for (const { etag } of [first, second]) expect(etag).toMatch(/^[^"\s]+$/);
  });
}

function describeReplacing({ store, test }: Suite): void {
  test('objects', 'a second put replaces bytes and attributes', async () => {
    const key = `${uniquePrefix()}replaced`;
    await store().put(key, randomBytes(5000), { contentType: 'image/png', metadata: { old: 'yes' } });
    await store().put(key, Buffer.from('new'), { contentType: 'image/webp' });
    expect(await store().head(key)).toMatchObject({ size: 3, contentType: 'image/webp', metadata: {} });
    expect((await read(store(), key)).toString()).toBe('new');
  });

  test('overwrite-while-reading', 'a reader finishes with the bytes that it began with', async () => {
    const key = `${uniquePrefix()}overwritten`;
    const old = randomBytes(2_000_000);
    await store().put(key, old, PLAIN);
    const { body } = await store().get(key);
    const reading = body[Symbol.asyncIterator]();
    const first: IteratorResult<Buffer, undefined> = await reading.next();
    await store().put(key, randomBytes(2_000_000), PLAIN);
    const rest: Buffer[] = [];
    for await (const chunk of { [Symbol.asyncIterator]: () => reading }) rest.push(chunk);
    expectSameBytes(Buffer.concat([first.value ?? Buffer.alloc(0), ...rest]), old);
  });

  test('objects', 'who reads during replacements gets bytes and attributes of one version', async () => {
    const key = `${uniquePrefix()}busy`;
    const versions = Array.from({ length: 8 }, (_, n) => Buffer.alloc(10_000 + (n % 2), n));
    const put = (bytes: Buffer): Promise<unknown> =>
      store().put(key, bytes, { ...PLAIN, metadata: { sha256: sha256(bytes) } });
    await put(Buffer.from('first'));
    let writing = true;
    const reader = async (): Promise<void> => {
      while (writing) {
        const { info, body } = await store().get(key);
        const bytes = await buffer(body);
        expect({ etag: info.etag, size: info.size }).toEqual({ etag: sha256(bytes), size: bytes.length });
      }
    };
    const writers = Promise.all(versions.map(put)).finally(() => {
      writing = false;
    });
    await Promise.all([writers, reader(), reader()]);
    expect(versions.map(sha256)).toContain((await store().head(key)).etag);
  });
}

function describeDeleting({ store, test }: Suite): void {
  test(
    'objects',
    'a deleted object is gone, its neighbours stay, and deleting again is no error',
    async () => {
      const prefix = uniquePrefix();
      await store().put(`${prefix}a/one`, Buffer.from('1'), PLAIN);
      await store().put(`${prefix}a/two`, Buffer.from('2'), PLAIN);
      await store().delete(`${prefix}a/one`);
      await nothingIsVisible(store(), `${prefix}a/one`);
      expect(await keysOf(store(), prefix)).toEqual([`${prefix}a/two`]);
      await store().delete(`${prefix}a/one`);
      await store().delete(`${prefix}never/there`);
    },
  );

  test('objects', 'puts and deletes at the same time do not disturb each other', async () => {
    const prefix = uniquePrefix();
    const worker = async (id: number): Promise<void> => {
      const key = `${prefix}folder/deep/${id}`;
      for (let round = 0; round < 25; round++) {
        await store().put(key, Buffer.from(key), PLAIN);
        expect((await read(store(), key)).toString()).toBe(key);
        await store().delete(key);
      }
    };
    await Promise.all([0, 1, 2, 3].map(worker));
    expect(await keysOf(store(), prefix)).toEqual([]);
  });

  test('objects', 'puts and deletes of one key leave one whole version, or none', async () => {
    const key = `${uniquePrefix()}contested`;
    const put = (bytes: Buffer): Promise<unknown> =>
      store().put(key, streamOf(bytes), { ...PLAIN, metadata: { sha256: sha256(bytes) } });
    for (let round = 0; round < 15; round++) {
      const [one, two] = [randomBytes(1 + round * 5000), randomBytes(40_000)];
      await Promise.all([put(one), store().delete(key), put(two), store().delete(key), put(one)]);
      const [info] = await collect(store().list(key));
      if (info) expect(info.etag).toBe(sha256(await read(store(), key)));
      else await rejectsWith(store().head(key), 'object_not_found');
    }
  });

  test('objects', 'a key can be used again after its object was deleted', async () => {
    const key = `${uniquePrefix()}again`;
    await store().put(key, Buffer.from('1'), { contentType: 'image/png' });
    await store().delete(key);
    await store().put(key, Buffer.from('22'), PLAIN);
    expect(await store().head(key)).toMatchObject({ size: 2, contentType: PLAIN.contentType });
  });
}

function describeFailing({ store, test }: Suite): void {
  test('objects', 'a missing object is not found', async () => {
    const key = `${uniquePrefix()}missing`;
    await rejectsWith(store().head(key), 'object_not_found');
    await rejectsWith(store().get(key), 'object_not_found');
    await rejectsWith(store().get(key, { start: 0, end: 0 }), 'object_not_found');
  });

  test('objects', 'a source that breaks off leaves nothing', async () => {
    for (const how of ['error', 'hang-up'] as const) {
      const key = `${uniquePrefix()}broken`;
      await expect(store().put(key, brokenStream(randomBytes(100_000), how), PLAIN)).rejects.toThrow();
      await nothingIsVisible(store(), key);
    }
  });

  test('objects', 'a stream of known size that has fewer or more bytes leaves what was there', async () => {
    const key = `${uniquePrefix()}miscounted`;
    const stored = await store().put(key, Buffer.from('kept'), PLAIN);
    for (const size of [99_999, 100_001, 100_000 * 80])
      await rejectsWith(store().put(key, streamOf(randomBytes(100_000)), PLAIN, { size }), 'part_mismatch');
    expect(await store().head(key)).toEqual(stored);
  });

  test(
    'objects',
    'a stream of known size that fails before its last byte leaves nothing, and its error is thrown',
    async () => {
      const key = `${uniquePrefix()}refused`;
      const bytes = randomBytes(100_000);
      const refusal = new Error('not these bytes');
      const refused = Readable.from(
        (function* () {
          yield bytes.subarray(0, -1);
          throw refusal;
        })(),
        { objectMode: false },
      );
      await expect(store().put(key, refused, PLAIN, { size: bytes.length })).rejects.toBe(refusal);
      await nothingIsVisible(store(), key);
    },
  );

  test('objects', 'a source that broke off before it was read leaves nothing', async () => {
    const key = `${uniquePrefix()}stillborn`;
    const source = streamOf(randomBytes(1000));
    source.on('error', () => {});
    source.destroy(new Error('gone already'));
    await expect(store().put(key, source, PLAIN)).rejects.toThrow('gone already');
    await nothingIsVisible(store(), key);
  });

  test('objects', 'a source that breaks off leaves the object that was there', async () => {
    const key = `${uniquePrefix()}kept`;
    const stored = await store().put(key, Buffer.from('kept'), PLAIN);
    await expect(store().put(key, brokenStream(randomBytes(100_000), 'error'), PLAIN)).rejects.toThrow();
    expect(await store().head(key)).toEqual(stored);
    expect((await read(store(), key)).toString()).toBe('kept');
  });
}
