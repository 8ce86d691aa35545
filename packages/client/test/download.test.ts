import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventually, http, ownSamplePhotos, watchPowerCut } from '@lazyphotos/testkit';
import { reachableMediaUrl } from '../src/download/download-photo.js';
import { DownloadMismatchError, downloadPhoto } from '../src/index.js';
import { addPhoto, jpeg, sha256, signedIn, temporaryFolder, until } from './helpers.js';

/** What is synced can be told by /proc. */
const onLinux = process.platform === 'linux' ? test : test.skip;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

async function withPhoto(bytes = jpeg(500_000)) {
  const context = await signedIn();
  const photo = { id: await addPhoto(context.direct, bytes, 'a.jpg'), hash: sha256(bytes) };
  const folder = await temporaryFolder();
  return { ...context, bytes, photo, folder, destination: join(folder, 'a.jpg') };
}

describe('downloadPhoto', () => {
  test('an original arrives whole under its name', async () => {
    const { client, photo, bytes, folder, destination } = await withPhoto();
    const result = await downloadPhoto(client, photo.id, 'original', destination);
    expect(result).toEqual({ sizeBytes: bytes.length, sha256: photo.hash, resumedBytes: 0 });
    expect(await readdir(folder)).toEqual(['a.jpg']);
    expect((await readFile(destination)).equals(bytes)).toBe(true);
  });

  onLinux('is there after a power cut, and was not before its bytes', async () => {
    const { client, photo, bytes, folder, destination } = await withPhoto();
    const restored = await temporaryFolder();
    const power = await watchPowerCut(folder, [destination]);
    try {
      const modifiedAt = new Date('2019-07-14T10:11:12.000Z');
      await downloadPhoto(client, photo.id, 'original', destination, { modifiedAt });
      await power.restoreInto(restored);
    } finally {
      power.end();
    }
    expect(await readdir(restored)).toEqual(['a.jpg']);
    expect((await readFile(join(restored, 'a.jpg'))).equals(bytes)).toBe(true);
    expect(power.early).toEqual(new Set());
  });

  test.each(['2019-07-14T10:11:12.000Z', '1965-01-02T03:04:05.000Z'])(
    'has the time %s if asked to',
    async (time) => {
      const { client, photo, destination } = await withPhoto();
      await downloadPhoto(client, photo.id, 'original', destination, { modifiedAt: new Date(time) });
      expect((await stat(destination)).mtime.toISOString()).toBe(time);
    },
  );

  test('a time that no file system holds is no failure', async () => {
    const { client, photo, bytes, destination } = await withPhoto();
    for (const modifiedAt of [new Date(8.64e15), new Date(-8.64e15)])
      await downloadPhoto(client, photo.id, 'original', destination, { modifiedAt });
    expect((await readFile(destination)).equals(bytes)).toBe(true);
  });

  test('cuts are continued by range', async () => {
    const { node, client, photo, destination } = await withPhoto();
    node.fail({ on: 'GET /media', effect: { cutAfterBytes: 200_000 }, times: 2 });
    const received: number[] = [];
    const onProgress = ({ receivedBytes }: { receivedBytes: number }) => received.push(receivedBytes);
    await downloadPhoto(client, photo.id, 'original', destination, { onProgress });
    expect(received).toEqual(received.toSorted((a, b) => a - b));
    expect(node.count('GET /media')).toBe(3);
  });

  test('another run continues the part file', async () => {
    const { node, client, photo, folder, destination } = await withPhoto();
    const part = `${destination}.part`;
    const when = until(() => sizeOf(part) === 100_000);
    node.fail({ on: 'GET /media', effect: { cutAfterBytes: 100_000, when } });
    node.fail({ on: 'GET /media', effect: { status: 500, code: 'internal_error' } });
    await expect(downloadPhoto(client, photo.id, 'original', destination)).rejects.toMatchObject({
      status: 500,
    });
    expect(await readdir(folder)).toEqual(['a.jpg.part']);
    const { resumedBytes } = await downloadPhoto(client, photo.id, 'original', destination);
    expect(resumedBytes).toBe(100_000);
    expect(await readdir(folder)).toEqual(['a.jpg']);
  });

  test('a part of something else is thrown away, also when it is too long', async () => {
    const { client, photo, destination } = await withPhoto();
    for (const length of [1000, 500_000, 600_000]) {
      await writeFile(`${destination}.part`, randomBytes(length));
      await expect(downloadPhoto(client, photo.id, 'original', destination)).resolves.toMatchObject({
        sha256: photo.hash,
      });
    }
  });

  test('bytes that are not the original are not kept', async () => {
    const { client, photo, folder, destination } = await withPhoto();
    const options = { hash: '0'.repeat(64) };
    await expect(downloadPhoto(client, photo.id, 'original', destination, options)).rejects.toThrow(
      DownloadMismatchError,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('an expired signature is renewed', async () => {
    const { node, client, photo, destination } = await withPhoto();
    node.fail({ on: 'GET /media', effect: { status: 403, code: 'invalid_signature' } });
    await downloadPhoto(client, photo.id, 'original', destination);
    expect(node.count(`GET /photos/${photo.id}/download`)).toBe(2);
  });

  test('previews, and previews that are not there', async () => {
    const { client, direct, photo, folder, destination } = await withPhoto();
    const [sample] = ownSamplePhotos().folder('good/jpeg');
    const id = await addPhoto(direct, await readFile(sample?.path ?? ''), 'good.jpg');
    const { thumbnails } = await eventually(async () => {
      const good = await direct.getPhoto({ params: { id } });
      expect(good.processing).toBe('ready');
      return good;
    });
    await writeFile(`${destination}.part`, 'left from yesterday');
    await downloadPhoto(client, id, 'thumb', destination);
    const preview = await http(thumbnails.thumb ?? '');
    expect((await readFile(destination)).equals(preview.bytes)).toBe(true);
    // Random bytes never have one.
    await expect(downloadPhoto(client, photo.id, 'medium', join(folder, 'b'))).rejects.toMatchObject({
      code: 'not_ready',
    });
    expect(await readdir(folder)).toEqual(['a.jpg']);
  });

  test('an abort keeps what is there', async () => {
    const { client, photo, folder, destination } = await withPhoto();
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('stop'));
    const download = downloadPhoto(client, photo.id, 'original', destination, {
      signal: controller.signal,
      onProgress,
    });
    await expect(download).rejects.toThrow('stop');
    expect(await readdir(folder)).toEqual(['a.jpg.part']);
  });
});

test('URLs on localhost are taken to where the node is', () => {
  const media = 'http://localhost:8080/media/u/p/thumb?exp=1&sig=x';
  expect(reachableMediaUrl(media, 'http://localhost:8080')).toBe(media);
  expect(reachableMediaUrl(media, 'http://pi.local:8080')).toBe(
    'http://pi.local:8080/media/u/p/thumb?exp=1&sig=x',
  );
  expect(reachableMediaUrl('https://cdn.example.org/x', 'http://pi.local')).toBe('https://cdn.example.org/x');
});
