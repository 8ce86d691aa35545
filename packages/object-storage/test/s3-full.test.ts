import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTeardown,
  describeWithDisk,
  describeWithMinio,
  eventually,
  mountSmallDisk,
  type SmallDisk,
} from '@lazyphotos/testkit';
import type { ObjectStore } from '../src/index.js';
import { expectSameBytes, read, rejectsWith, streamOf } from './conformance/suite.js';
import { JPEG } from './helpers.js';
import { type S3Server, startS3 } from './s3-server.js';

const MIB = 1024 * 1024;

/** Starts a MinIO that has its data in `folder`, if it is a program of this machine: its data is below TMPDIR. */
async function startOn(folder: string): Promise<S3Server> {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    return await startS3();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** A MinIO that runs already, or in Docker, has another disk. */
const isUsed = async ({ path }: SmallDisk): Promise<boolean> =>
  (await readdir(path, { recursive: true })).some((name) => name.endsWith('/objects'));

describeWithMinio('MinIO whose disk is full', () => {
  describeWithDisk('to the last byte', () => {
    const teardown = createTeardown();
    let disk: SmallDisk;
    let store: ObjectStore;
    beforeAll(async () => {
      disk = await mountSmallDisk(await mkdtemp(join(tmpdir(), 'full-minio-')), 128);
      teardown.defer(async () => {
        disk.unmount();
        await rm(disk.path, { recursive: true, force: true });
      });
      const server = await startOn(disk.path);
      teardown.defer(() => server.stop());
      store = server.open();
    });
    afterAll(() => teardown.run());

    test('refuses objects and parts as full, and serves and deletes what it has', async () => {
      if (!(await isUsed(disk))) return expect(process.env.CI).not.toBe('true');
      const bytes = randomBytes(16 * MIB);
      await store.put('first', bytes, JPEG);
      await store.put('second', bytes, JPEG);
      const upload = await store.beginUpload('large', 2 * bytes.length, bytes.length, JPEG);
      const first = await store.writePart(upload, 0, streamOf(bytes));
      disk.fill();
      expect(disk.free()).toBe(0);
      // Until MinIO has noticed, it may answer that its disk cannot be written to, which clients try again as well.
      await eventually(() => rejectsWith(store.put('third', bytes, JPEG), 'storage_full'));
      await rejectsWith(store.writePart(upload, 1, streamOf(bytes)), 'storage_full');
      expectSameBytes(await read(store, 'first'), bytes);
      await store.delete('second');
      await rejectsWith(store.head('second'), 'object_not_found');

      await disk.empty();
      const second = await eventually(() => store.writePart(upload, 1, streamOf(bytes)));
      await store.completeUpload(upload, [first, second]);
      expectSameBytes(await read(store, 'large'), Buffer.concat([bytes, bytes]));
    });
  });
});
