import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithPostgres, eventually, http, type SamplePhoto, samplePhotos } from '@lazyphotos/testkit';
import { claim, type Phone } from './support/api.js';
import { type SeparateProcesses, startSeparateProcesses } from './support/separate-processes.js';

const photos = samplePhotos()
  .folder('good/jpeg')
  .filter((photo) => photo.referenceResult === 'ok');

let six: SeparateProcesses;
let phone: Phone;

describeWithPostgres('six services in six processes', () => {
  beforeAll(async () => {
    six = await startSeparateProcesses();
    await six.ready();
    phone = await claim(six.url, await six.claimCode(), 'carla@example.org');
  }, 120_000);
  afterAll(() => six.remove(), 60_000);

  test('the main job works through the gateway', async () => {
    const sample = photos[0] as SamplePhoto;
    const { body } = await phone.upload(sample);
    expect((await phone.call(`/photos/${body.photoId}`)).status).toBe(200);
    const photo = await phone.processed(body.photoId);
    expect(photo).toMatchObject({ processing: 'ready', hash: sample.sha256 });
    expect((await http(photo.thumbnails.thumb)).status).toBe(200);
    const link = await phone.call(`/photos/${photo.id}/download`);
    expect((await http(link.body.url)).bytes).toEqual(await readFile(sample.path));
    await eventually(async () => {
      const items = (await phone.feed()).items;
      expect(items).toEqual([
        expect.objectContaining({ type: 'photo', data: expect.objectContaining({ id: photo.id }) }),
      ]);
    });
  }, 120_000);

  test('without the catalog uploads are still taken, and appear when it is back', async () => {
    await six.kill('catalog');
    expect(await phone.call('/photos')).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    const { status, body } = await phone.upload(photos[1] as SamplePhoto);
    expect(status).toBe(200);
    await six.start('catalog');
    await six.ready();
    expect(await phone.processed(body.photoId)).toMatchObject({ processing: 'ready' });
  }, 120_000);

  test('without the media worker photos are pending, and get their previews when it is back', async () => {
    await six.kill('media-worker');
    const { body } = await phone.upload(photos[2] as SamplePhoto);
    expect((await phone.call(`/photos/${body.photoId}`)).body).toMatchObject({ processing: 'pending' });
    await six.start('media-worker');
    expect(await phone.processed(body.photoId)).toMatchObject({ processing: 'ready' });
  }, 120_000);

  test('without auth, who has a token goes on; readiness says what is missing', async () => {
    await six.kill('auth');
    expect((await phone.call('/photos?limit=1')).status).toBe(200);
    expect(await phone.call('/auth/me')).toMatchObject({ status: 503 });
    expect((await http(`${six.url}/health/ready`)).body).toMatchObject({
      status: 'not_ready',
      checks: { auth: 'failed' },
    });
    await six.start('auth');
    await six.ready();
    expect((await phone.call('/auth/me')).status).toBe(200);
  }, 120_000);
});
