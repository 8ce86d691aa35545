import { describe, expect, test } from '@jest/globals';
import { readSettings } from '@lazyphotos/service-kit';
import {
  hasChangeNotices,
  hasFreeSpace,
  hasLocalFiles,
  hasPresignedUrls,
  openStore,
  type StoreSettings,
} from '../src/index.js';
import { storeSettings } from '../src/settings.js';
import { newRoot } from './helpers.js';

const nothing = readSettings({ S3_REGION: 'eu-central-1' }, storeSettings);
const key = { s3AccessKeyId: 'services', s3SecretAccessKey: 'not-very-secret' };

describe('openStore', () => {
  test('opens the folder', async () => {
    const store = await openStore({ ...nothing, objectsDir: await newRoot() });
    expect(hasLocalFiles(store)).toBe(true);
    // Other processes may share the folder.
    expect(hasChangeNotices(store)).toBe(false);
    if (!hasFreeSpace(store)) throw new Error('this is no folder');
    expect((await store.diskSpace()).free).toBeGreaterThan(0);
    await store.ready();
    await store.close();
  });

  test('opens the bucket under the addresses, region and key that are given', async () => {
    const store = await openStore({
      ...nothing,
      ...key,
      s3Bucket: 'photos',
      s3Endpoint: 'http://minio:9000',
      s3PublicEndpoint: 'https://s3.example.org',
    });
    if (!hasPresignedUrls(store)) throw new Error('this is no bucket');
    // A bucket does not say how much room it has.
    expect(hasFreeSpace(store)).toBe(false);
    const url = await store.presignedGet('a/b', { expiresInSeconds: 60 });
    expect(url).toContain('https://s3.example.org/photos/a/b?');
    expect(decodeURIComponent(url)).toMatch(/services\/\d+\/eu-central-1\/s3/);
    await store.close();
  });

  test('has the bucket in the host name when it is to be there', async () => {
    const store = await openStore({ ...nothing, ...key, s3Bucket: 'photos', s3PathStyle: false });
    if (!hasPresignedUrls(store)) throw new Error('this is no bucket');
    const url = await store.presignedGet('a/b', { expiresInSeconds: 60 });
    expect(url).toContain('https://photos.s3.eu-central-1.amazonaws.com/a/b?');
    await store.close();
  });

  const refused: [string, Partial<StoreSettings>, string][] = [
    ['no store', {}, 'Give LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET: the photos need a place.'],
    [
      'two stores',
      { objectsDir: '/photos', s3Bucket: 'photos' },
      'Give either LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET, not both.',
    ],
    [
      'half a key',
      { s3Bucket: 'photos', s3AccessKeyId: 'services' },
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: one of them is missing.',
    ],
    [
      'the other half',
      { s3Bucket: 'photos', s3SecretAccessKey: 'not-very-secret' },
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: one of them is missing.',
    ],
  ];
  test.each(refused)('refuses settings of %s', async (_, settings, message) => {
    await expect(openStore({ ...nothing, ...settings })).rejects.toThrow(message);
  });
});
