import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
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
const { TMPDIR } = process.env;

describeWithMinio('MinIO whose disk is full', () => {
  describeWithDisk('to the last byte', () => {
    let disk: SmallDisk;
    let server: S3Server;
    let store: ObjectStore;
    beforeAll(async () => {
      disk = await mountSmallDisk(await mkdtemp(join(tmpdir(), 'full-minio-')), 128);
      process.env.TMPDIR = disk.path;
      server = await startS3();
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      store = server.open({});
    });
    afterAll(async () => {
      await server.stop();
      disk.unmount();
      await rm(disk.path, { recursive: true, force: true });
    });

    test('refuses objects and parts as full, and serves and deletes what it has', async () => {
      const files = await readdir(disk.path, { recursive: true });
      // One that runs already, or in Docker, has another disk.
      if (!files.some((name) => name.endsWith('/objects'))) return;
      const bytes = randomBytes(16 * MIB);
      await store.put('first', bytes, JPEG);
      await store.put('second', bytes, JPEG);
      const upload = await store.beginUpload('large', 2 * bytes.length, bytes.length, JPEG);
      const first = await store.writePart(upload, 0, streamOf(bytes));
      disk.fill();
      expect(disk.free()).toBe(0);
      await rejectsWith(store.put('third', bytes, JPEG), 'storage_full');
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
