import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { describeWithMinio } from '@lazyphotos/testkit';
import type { Client } from 'minio';
import { STORE_USERS, type StoreUser } from '../../src/index.js';
import { codeOf, createFixture, type Fixture } from './fixture.js';

const ORIGINAL = 'originals/user/photo';
const ARCHIVE = 'archives/user/archive';
const PREVIEW = 'derived/user/photo/thumb';
const PICTURE = { contentType: 'image/jpeg', metadata: { sha256: 'abc' } };
const PART_BYTES = 5 * 1024 ** 2;

async function read(store: ObjectStore, key: string): Promise<string> {
  const { body } = await store.get(key);
  return Buffer.concat(await body.toArray()).toString();
}

describeWithMinio("a service's user of the object store", () => {
  let fixture: Fixture;
  const stores = {} as Record<StoreUser, ObjectStore>;
  beforeAll(async () => {
    fixture = await createFixture();
    await fixture.run();
    for (const service of STORE_USERS) stores[service] = fixture.storeOf(service);
    await fixture.client.makeBucket(`${fixture.bucket}-other`);
    await fixture.client.putObject(`${fixture.bucket}-other`, ORIGINAL, 'not yours');
    await fixture.client.putObject(fixture.bucket, ORIGINAL, 'original');
    await fixture.client.putObject(fixture.bucket, PREVIEW, 'preview');
    await fixture.client.putObject(fixture.bucket, ARCHIVE, 'archive');
    await fixture.client.putObject(fixture.bucket, 'else/where', 'neither');
  });
  afterAll(async () => {
    for (const store of Object.values(stores)) await store.close();
    await fixture.client.removeObject(`${fixture.bucket}-other`, ORIGINAL);
    await fixture.client.removeBucket(`${fixture.bucket}-other`);
    await fixture.stop();
  });

  test.each(STORE_USERS)(
    'of %s is ready, and distinguishes a missing object from a refusal',
    async (service) => {
      await stores[service].ready();
      await expect(stores[service].head('originals/user/none')).rejects.toMatchObject({
        name: 'ObjectNotFoundError',
      });
    },
  );

  test('of the gateway reads originals and previews', async () => {
    expect(await read(stores.gateway, ORIGINAL)).toBe('original');
    expect(await read(stores.gateway, PREVIEW)).toBe('preview');
  });

  test.each(['originals', 'archives'])(
    'of upload writes files of %s, in parts or whole, and removes them',
    async (folder) => {
      const store = stores.upload;
      const key = `${folder}/user/parts`;
      const whole = `${folder}/user/whole`;
      const upload = await store.beginUpload(key, PART_BYTES + 1, PART_BYTES, PICTURE);
      const first = await store.writePart(upload, 0, Readable.from([Buffer.alloc(PART_BYTES)]));
      const second = await store.writePart(upload, 1, Readable.from([Buffer.from('x')]));
      const underWay = [];
      for await (const one of store.listUploads(key)) underWay.push(one.key);
      expect(underWay).toEqual([key]);
      expect(await store.completeUpload(upload, [first, second])).toMatchObject({ size: PART_BYTES + 1 });
      await store.abortUpload(await store.beginUpload(key, 1, PART_BYTES, PICTURE));
      await store.put(whole, Readable.from(['whole']), PICTURE);
      expect(await read(store, whole)).toBe('whole');
      for (const made of [key, whole]) await store.delete(made);
    },
  );

  test('of the media worker reads originals, writes previews and removes them', async () => {
    const store = stores['media-worker'];
    expect(await read(store, ORIGINAL)).toBe('original');
    const key = 'derived/user/photo/medium';
    await store.put(key, Readable.from(['medium']), { contentType: 'image/webp' });
    expect(await read(store, key)).toBe('medium');
    await store.delete(key);
  });

  const forbidden: [StoreUser, string, (client: Client, bucket: string) => Promise<unknown>][] = [
    ['gateway', 'write an original', (client, bucket) => client.putObject(bucket, ORIGINAL, 'forged')],
    ['gateway', 'remove an original', (client, bucket) => client.removeObject(bucket, ORIGINAL)],
    ['gateway', 'read an archive', (client, bucket) => client.getObject(bucket, ARCHIVE)],
    ['gateway', 'write a preview', (client, bucket) => client.putObject(bucket, PREVIEW, 'forged')],
    ['upload', 'write a preview', (client, bucket) => client.putObject(bucket, PREVIEW, 'forged')],
    ['upload', 'read a preview', (client, bucket) => client.getObject(bucket, PREVIEW)],
    ['media-worker', 'write an original', (client, bucket) => client.putObject(bucket, ORIGINAL, 'forged')],
    ['media-worker', 'read an archive', (client, bucket) => client.getObject(bucket, ARCHIVE)],
    ['media-worker', 'remove an archive', (client, bucket) => client.removeObject(bucket, ARCHIVE)],
    ['media-worker', 'remove an original', (client, bucket) => client.removeObject(bucket, ORIGINAL)],
  ];
  test.each(forbidden)('of %s may not %s', async (service, _what, attempt) => {
    expect(await codeOf(attempt(fixture.clientOf(fixture.users[service]), fixture.bucket))).toBe(
      'AccessDenied',
    );
    expect(await read(stores['media-worker'], ORIGINAL)).toBe('original');
    expect(await read(stores.gateway, PREVIEW)).toBe('preview');
    expect(await read(stores.upload, ARCHIVE)).toBe('archive');
  });

  const forbiddenToAll: [string, (client: Client, bucket: string) => Promise<unknown>][] = [
    ['make a bucket', (client, bucket) => client.makeBucket(`${bucket}-mine`)],
    ['remove the bucket', (client, bucket) => client.removeBucket(bucket)],
    ['open the bucket to all', (client, bucket) => client.setBucketPolicy(bucket, '{}')],
    ['change its rules', (client, bucket) => client.removeBucketLifecycle(bucket)],
    ['read what no service stored', (client, bucket) => client.getObject(bucket, 'else/where')],
    ['write elsewhere', (client, bucket) => client.putObject(bucket, 'else/where', 'forged')],
    ['read another bucket', (client, bucket) => client.getObject(`${bucket}-other`, ORIGINAL)],
    ['write to another bucket', (client, bucket) => client.putObject(`${bucket}-other`, ORIGINAL, 'x')],
    ['list another bucket', (client, bucket) => client.listObjectsV2(`${bucket}-other`).toArray()],
  ];
  test.each(forbiddenToAll)('may not %s', async (_what, attempt) => {
    for (const service of STORE_USERS) {
      const code = await codeOf(attempt(fixture.clientOf(fixture.users[service]), fixture.bucket));
      expect({ service, code }).toEqual({ service, code: 'AccessDenied' });
    }
  });

  test('may not administer the server, not even make itself an administrator', async () => {
    for (const service of STORE_USERS) {
      const user = fixture.users[service];
      const admin = fixture.adminOf(user);
      const more = { accessKeyId: `${user.accessKeyId}-2`, secretAccessKey: 'whatever' };
      await expect(admin.setPolicy(user.accessKeyId, 'consoleAdmin')).rejects.toThrow('(AccessDenied)');
      await expect(admin.setConfig('api stale_uploads_expiry=1s')).rejects.toThrow('(AccessDenied)');
      await expect(admin.putUser(more)).rejects.toThrow('(AccessDenied)');
    }
  });

  test('without credentials nothing is read', async () => {
    const reply = await fetch(`${fixture.minio.endpoint}/${fixture.bucket}/${ORIGINAL}`);
    expect(reply.status).toBe(403);
  });
});
