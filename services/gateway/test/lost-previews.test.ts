import { randomBytes } from 'node:crypto';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UserPhoto } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { createGround, type Gateway, type Ground, startGateway } from './harness.js';
import { type Picture, storePicture } from './pictures.js';

describeWithPostgres('a preview that is not there', () => {
  let ground: Ground;
  let gateway: Gateway;
  /** With previews in memory. */
  let remembering: Gateway;
  let reports: UserPhoto[];
  let work: (photo: UserPhoto) => Promise<void>;
  beforeAll(async () => {
    ground = await createGround();
    reports = [];
    work = async () => undefined;
    const remakePreviews = (photo: UserPhoto) => {
      reports.push(photo);
      return work(photo);
    };
    const previews = { remakePreviews };
    gateway = await startGateway({ ground, previews });
    remembering = await startGateway({ ground, previews, settings: { previewCacheBytes: 32_000_000 } });
  });
  afterAll(async () => {
    await gateway.stop();
    await remembering.stop();
    await ground.remove();
  });

  const stored = (variant: 'thumb' | 'medium' | 'original') => storePicture(gateway, { variant });
  const filesOf = ({ userId, photoId }: Picture, variant: string) => {
    const key = join('derived', userId, photoId, variant);
    return { data: join(ground.root, 'objects', key), sidecar: join(ground.root, 'meta', `${key}+.json`) };
  };
  const storeAgain = async ({ userId, photoId, bytes, sha256 }: Picture) => {
    const attributes = { contentType: 'image/jpeg', metadata: { sha256 } };
    await gateway.store.put(`derived/${userId}/${photoId}/thumb`, bytes, attributes);
  };
  const reportsOf = ({ photoId }: Picture) => reports.filter((report) => report.photoId === photoId);
  const notFound = { status: 404, body: { code: 'not_found' } };

  describe.each(['thumb', 'medium'] as const)('a %s', (variant) => {
    const damages: Record<string, (files: { data: string; sidecar: string }) => Promise<void>> = {
      missing: ({ data }) => rm(data),
      empty: ({ data }) => truncate(data),
      'cut off': ({ data }) => truncate(data, 5000),
      'without attributes': ({ sidecar }) => rm(sidecar),
    };
    it.each(Object.keys(damages))('that is %s is a 404, and is reported once', async (damage) => {
      const picture = await stored(variant);
      await damages[damage]?.(filesOf(picture, variant));
      const requests = [
        {},
        { method: 'HEAD' },
        { headers: { range: 'bytes=0-99' } },
        { headers: { 'if-none-match': `"${picture.sha256}"` } },
      ];
      for (const request of requests) {
        const reply = await gateway.call(picture.url, request);
        expect(reply.status).toBe(404);
        if (request.method !== 'HEAD') expect(reply).toMatchObject(notFound);
      }
      const { userId, photoId } = picture;
      await eventually(() => expect(reportsOf(picture)).toEqual([{ userId, photoId }]));
    });
  });

  it('has other bytes than were stored: not served from memory, and reported', async () => {
    const picture = await stored('thumb');
    await writeFile(filesOf(picture, 'thumb').data, randomBytes(picture.bytes.length));
    const requests = [{}, { method: 'HEAD' }, { headers: { range: 'bytes=0-99' } }];
    for (const request of [...requests, ...requests])
      expect((await remembering.call(picture.url, request)).status).toBe(404);
    const { userId, photoId } = picture;
    await eventually(() => expect(reportsOf(picture)).toEqual([{ userId, photoId }]));
    await storeAgain(picture);
    expect((await remembering.call(picture.url)).bytes.equals(picture.bytes)).toBe(true);
  });

  it.each(['cut off', 'other bytes'])('of a share link is made again: %s', async (damage) => {
    const picture = await stored('thumb');
    const { userId, photoId } = picture;
    const token = gateway.shareSigning.tokenOf(randomBytes(32));
    const link = { token, userId, expiresAt: null, showLocation: false, passwordVersion: undefined };
    const url = gateway.shareSigning.mediaUrl(link, photoId, 'thumb');
    const { data } = filesOf(picture, 'thumb');
    if (damage === 'cut off') await truncate(data, 5000);
    else await writeFile(data, randomBytes(picture.bytes.length));
    work = () => storeAgain(picture);
    expect(await remembering.call(url)).toMatchObject(notFound);
    await eventually(async () =>
      expect((await remembering.call(url)).bytes.equals(picture.bytes)).toBe(true),
    );
    expect(reportsOf(picture)).toEqual([{ userId, photoId }]);
    work = async () => undefined;
  });

  it('is served as soon as it was made again', async () => {
    const picture = await stored('thumb');
    await truncate(filesOf(picture, 'thumb').data, 5000);
    expect(await gateway.call(picture.url)).toMatchObject(notFound);
    await storeAgain(picture);
    const reply = await gateway.call(picture.url);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('etag')).toBe(`"${picture.sha256}"`);
  });

  it('is not reported without a valid signature, nor is an original', async () => {
    const [preview, original] = [await stored('thumb'), await stored('original')];
    await gateway.store.delete(`derived/${preview.userId}/${preview.photoId}/thumb`);
    await gateway.store.delete(`originals/${original.userId}/${original.photoId}`);
    expect((await gateway.call(`${preview.url}0`)).status).toBe(403);
    expect(await gateway.call(original.url)).toMatchObject(notFound);
    expect(await gateway.call((await stored('thumb')).url)).toMatchObject({ status: 200 });
    expect([...reportsOf(preview), ...reportsOf(original)]).toEqual([]);
  });

  it('is a 404 also while the media worker does not respond, and few reports are made at a time', async () => {
    const { promise: released, reject } = Promise.withResolvers<void>();
    work = () => released;
    const pictures: Picture[] = [];
    for (let count = 0; count < 20; count++) {
      const picture = await stored('thumb');
      await rm(filesOf(picture, 'thumb').data);
      pictures.push(picture);
    }
    const before = reports.length;
    const replies = await Promise.all(pictures.map(({ url }) => gateway.call(url)));
    expect(replies.map(({ status }) => status)).toEqual(pictures.map(() => 404));
    expect(reports.length - before).toBe(4);
    reject(new ProblemError('service_unavailable'));
    await eventually(() => expect(reports.length - before).toBe(20));
    await eventually(() =>
      expect(gateway.logs).toContainEqual(
        expect.objectContaining({ level: 'warn', message: 'a lost preview could not be reported' }),
      ),
    );
    work = async () => undefined;
  });
});
