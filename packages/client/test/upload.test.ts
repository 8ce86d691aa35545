import { rename, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { CHUNK_BYTES as CHUNK } from '@lazyphotos/testkit';
import { SourceChangedError, sha256File, type UploadProgress, uploadPhoto } from '../src/index.js';
import { missingChunks } from '../src/upload/source.js';
import { jpeg, onlyOriginal, signedIn, somePhoto, sourceOf } from './helpers.js';

/** Three chunks, the last one short. */
const THREE_CHUNKS = 2 * CHUNK + 1000;

describe('uploadPhoto', () => {
  test('sends every chunk once and reports how far it is', async () => {
    const { node, client, direct } = await signedIn();
    const { photo, bytes } = await somePhoto(jpeg(THREE_CHUNKS));
    const reports: UploadProgress[] = [];
    const result = await uploadPhoto(client, photo, { onProgress: (progress) => reports.push(progress) });
    expect(result).toMatchObject({ outcome: 'uploaded', resumedBytes: 0 });
    expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
    expect(node.count('PUT ')).toBe(3);
    expect(node.bytes('PUT ')).toBe(photo.sizeBytes);
    expect(reports[0]).toEqual({ sentBytes: 0, totalBytes: photo.sizeBytes });
    expect(reports.at(-1)).toEqual({ sentBytes: photo.sizeBytes, totalBytes: photo.sizeBytes });
  });

  test('a file whose name is not UTF-8 is read by its bytes', async () => {
    const { client, direct } = await signedIn();
    const { photo, bytes, path: before } = await somePhoto();
    const path = Buffer.concat([Buffer.from(before), Buffer.from([0xfc])]);
    await rename(before, path);
    expect(await sha256File(path)).toBe(photo.hash);
    await uploadPhoto(client, { ...photo, source: { path } });
    expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
  });

  test('a photo that is there is not sent', async () => {
    const { node, client } = await signedIn();
    const { photo } = await somePhoto(jpeg(100));
    await uploadPhoto(client, photo);
    const again = await uploadPhoto(client, photo);
    expect(again).toMatchObject({ outcome: 'existing', photoState: 'active' });
    expect(node.count('PUT ')).toBe(1);
  });

  test('chunks cut off on the way are sent again', async () => {
    const { node, client, direct } = await signedIn();
    const { photo, bytes } = await somePhoto(jpeg(THREE_CHUNKS));
    node.fail({ on: 'PUT /upload-sessions', effect: { cutAfterBytes: 1000 }, times: 3 });
    await uploadPhoto(client, photo);
    expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
  });

  test('an interrupted upload continues with what is missing', async () => {
    const { node, client } = await signedIn();
    const { photo } = await somePhoto(jpeg(6 * CHUNK));
    const controller = new AbortController();
    const onProgress = ({ sentBytes }: UploadProgress) => {
      if (sentBytes >= 3 * CHUNK) controller.abort(new Error('stop'));
    };
    await expect(uploadPhoto(client, photo, { signal: controller.signal, onProgress })).rejects.toThrow(
      'stop',
    );
    const result = await uploadPhoto(client, photo);
    expect(result.outcome === 'uploaded' && result.resumedBytes).toBeGreaterThanOrEqual(CHUNK);
    // Only what was on the way when it stopped may have been sent twice.
    expect(node.bytes('PUT ')).toBeLessThanOrEqual(photo.sizeBytes + 2 * CHUNK);
  });

  test('a chunk that the node lost is found missing and sent', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'PUT /upload-sessions', effect: { loseRequest: true }, times: 2 });
    await expect(uploadPhoto(client, (await somePhoto(jpeg(THREE_CHUNKS))).photo)).resolves.toMatchObject({
      outcome: 'uploaded',
    });
    expect(node.count('POST /upload-sessions')).toBe(3);
  });

  test('a response that is lost after the node has acted brings nothing twice', async () => {
    const { node, client, direct } = await signedIn();
    const { photo, bytes } = await somePhoto(jpeg(THREE_CHUNKS));
    for (const on of ['POST /upload-sessions', 'PUT /upload-sessions'])
      node.fail({ on, effect: { loseResponse: true } });
    // The one that completes the upload.
    node.fail({ on: 'POST /upload-sessions/', effect: { loseResponse: true } });
    await expect(uploadPhoto(client, photo)).resolves.toMatchObject({ outcome: 'uploaded' });
    expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
  });

  test('a session that is gone is begun again, once', async () => {
    const { node, client } = await signedIn();
    const { photo } = await somePhoto();
    node.fail({ on: 'PUT /upload-sessions', effect: { status: 404, code: 'not_found' } });
    await expect(uploadPhoto(client, photo)).resolves.toMatchObject({ outcome: 'uploaded' });
    const { photo: other } = await somePhoto();
    node.fail({ on: 'PUT /upload-sessions', effect: { status: 404, code: 'not_found' }, times: 99 });
    await expect(uploadPhoto(client, other)).rejects.toMatchObject({ code: 'not_found' });
  });

  test.each([1000, THREE_CHUNKS])(
    'a session of %i bytes that the node has ended is begun again',
    async (size) => {
      const { client, direct } = await signedIn();
      const { photo, bytes } = await somePhoto(jpeg(size));
      let isEnded = false;
      const source: typeof photo.source = {
        async *open(start, end) {
          if (!isEnded) {
            isEnded = true;
            const { source: _, ...announcement } = photo;
            const { uploadSessionId: id } = await direct.createUploadSession({ body: announcement });
            await direct.abortUpload({ params: { id } });
          }
          yield bytes.subarray(start, end);
        },
      };
      await expect(uploadPhoto(client, { ...photo, source })).resolves.toMatchObject({ outcome: 'uploaded' });
      expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
    },
  );

  test('a token that ends half-way does not stop it', async () => {
    const { node, client } = await signedIn();
    const { photo } = await somePhoto(jpeg(5 * CHUNK));
    let expired = false;
    const onProgress = ({ sentBytes }: UploadProgress) => {
      if (expired || sentBytes < 2 * CHUNK) return;
      expired = true;
      node.expireAccessTokens();
    };
    await expect(uploadPhoto(client, photo, { onProgress })).resolves.toMatchObject({ outcome: 'uploaded' });
    expect(node.count('POST /auth/refresh')).toBe(1);
  });

  test('a wrong hash surfaces', async () => {
    const { client } = await signedIn();
    const photo = { ...(await somePhoto()).photo, hash: '0'.repeat(64) };
    await expect(uploadPhoto(client, photo)).rejects.toMatchObject({ code: 'hash_mismatch', status: 422 });
  });

  test('a file that became shorter is not sent as if it were whole', async () => {
    const { client, direct } = await signedIn();
    const { photo, path } = await somePhoto();
    await truncate(path, 1000);
    await expect(uploadPhoto(client, photo)).rejects.toThrow(SourceChangedError);
    expect((await direct.listPhotos()).photos).toEqual([]);
  });

  test('sources need not be files', async () => {
    const { client, direct } = await signedIn();
    const { photo, bytes } = await somePhoto();
    await uploadPhoto(client, { ...photo, source: sourceOf(bytes) });
    expect((await onlyOriginal(direct)).equals(bytes)).toBe(true);
  });
});

test('missing chunks', () => {
  const chunks = (...offsets: number[]) =>
    offsets.map((offset) => ({ offset, length: Math.min(10, 25 - offset) }));
  expect(missingChunks(25, 10, [])).toEqual(chunks(0, 10, 20));
  expect(missingChunks(25, 10, chunks(20, 0))).toEqual(chunks(10));
  expect(missingChunks(25, 10, [{ offset: 0, length: 20 }])).toEqual(chunks(20));
  expect(missingChunks(25, 10, [{ offset: 0, length: 15 }])).toEqual(chunks(10, 20));
  expect(missingChunks(25, 10, [{ offset: 0, length: 25 }])).toEqual([]);
});

test('sha256File', async () => {
  const {
    path,
    photo: { hash },
  } = await somePhoto();
  await expect(sha256File(path)).resolves.toBe(hash);
  await expect(sha256File(path, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  await writeFile(path, '');
  await expect(sha256File(path)).resolves.toMatch(/^e3b0c442/);
});
