import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { picture, tagged } from './copies/support.js';
import {
  createGround,
  event,
  type Ground,
  idle,
  purged,
  type Result,
  startWorker,
  storeOriginal,
  type Upload,
  uploaded,
  type Worker,
} from './harness.js';
import { temporaryFolder } from './pipeline/support.js';

const prague = { city: 'Prague', region: 'Prague', country: 'Czechia', countryCode: 'CZ' };
const atPrague = { locationLat: 50.0875, locationLon: 14.4213 };
const onThePacific = { locationLat: -30, locationLon: -140 };

describeWithPostgres('the place of a photo', () => {
  const folder = temporaryFolder();
  let ground: Ground;
  let worker: Worker;
  beforeAll(async () => {
    ground = await createGround();
    worker = await startWorker({ ground });
  });
  afterAll(async () => {
    await worker.stop();
    await ground.remove();
  });

  const resultOf = async (upload: Upload): Promise<Result> => {
    await ground.bus.publish([uploaded(upload)]);
    return eventually(() => {
      const [result] = ground.resultsOf(upload.photoId);
      if (!result) throw new Error('no result yet');
      return result;
    });
  };
  const located = async (lat: string, lon: string) =>
    tagged(
      await picture('jpeg'),
      'image/jpeg',
      folder,
      ...[`-GPSLatitude=${lat}`, '-GPSLatitudeRef=N', `-GPSLongitude=${lon}`, '-GPSLongitudeRef=E'],
      '-GPSAltitude=235',
      '-XMP:Rating=4',
      '-EXIF:DateTimeOriginal=2024:07:01 12:00:00',
      '-EXIF:OffsetTimeOriginal=+02:00',
    );

  it('is reported with the other facts', async () => {
    const upload = await storeOriginal(ground, await located('50.0875', '14.4213'));
    expect(await resultOf(upload)).toMatchObject({
      outcome: 'ready',
      place: prague,
      altitude: 235,
      rating: 4,
      capturedAtOffset: 120,
      kind: 'photo',
    });
  });

  it('is that of the file, not the announced one', async () => {
    const original = await storeOriginal(ground, await located('48.1374', '11.5755'));
    expect(await resultOf({ ...original, ...atPrague })).toMatchObject({ place: { city: 'Munich' } });
  });

  it('is that of the announced location, where the file has none', async () => {
    const result = await resultOf({ ...(await storeOriginal(ground, await picture('jpeg'))), ...atPrague });
    expect(result.place).toEqual(prague);
    expect(result.locationLat).toBeUndefined();
  });

  it('is reported for a photo that cannot be shown, too', async () => {
    const cut = (await located('50.0875', '14.4213')).subarray(0, -1200);
    expect(await resultOf(await storeOriginal(ground, cut))).toMatchObject({ place: prague });
  });

  it('is nothing on the sea, or without a location', async () => {
    const plain = await storeOriginal(ground, await picture('jpeg'));
    expect((await resultOf(plain)).place).toBeUndefined();
    const sea = { ...(await storeOriginal(ground, await picture('jpeg'))), ...onThePacific };
    expect((await resultOf(sea)).place).toBeUndefined();
  });

  const relocated = ({ photoId, userId }: Upload, location: typeof atPrague): AnyEvent =>
    event('photo.relocated', { photoId, userId, version: 4, ...location });

  it('is found again for a location that the owner has set', async () => {
    const upload = await storeOriginal(ground, await picture('jpeg'));
    const { photoId, userId } = upload;
    await ground.bus.publish([relocated(upload, atPrague)]);
    await eventually(() =>
      expect(ground.placesOf(photoId)).toEqual([{ photoId, userId, ...atPrague, place: prague }]),
    );
    await ground.bus.publish([relocated(upload, onThePacific)]);
    await eventually(() =>
      expect(ground.placesOf(photoId)).toContainEqual({ photoId, userId, ...onThePacific }),
    );
  });

  it('is not looked for when the photo is gone', async () => {
    const upload = await storeOriginal(ground, await picture('jpeg'));
    await ground.bus.publish([purged(upload)]);
    await idle(worker.bus, 'media-worker.photo');
    await ground.bus.publish([relocated(upload, atPrague)]);
    await idle(worker.bus, 'media-worker.location');
    const next = await storeOriginal(ground, await picture('jpeg'));
    await ground.bus.publish([relocated(next, atPrague)]);
    await eventually(() => expect(ground.placesOf(next.photoId)).toHaveLength(1));
    expect(ground.placesOf(upload.photoId)).toEqual([]);
    expect(worker.failures).toEqual([]);
  });
});
