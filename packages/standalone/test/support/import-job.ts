import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { http, type SamplePhoto } from '@lazyphotos/testkit';
import type { Phone } from './api.js';
import { distinctPhotos } from './distinct-photos.js';
import {
  type Files,
  importEnded,
  reportOf,
  sendArchives,
  sidecar,
  startImport,
  writeArchive,
} from './imports.js';

const ROOT = 'Takeout/Google Photos';
const PHOTOS = 5;

/** Checks an imported photo: its facts, its previews and its bytes. */
async function lookAt(phone: Phone, id: string, { sha256, path, name }: SamplePhoto): Promise<void> {
  const photo = await phone.processed(id);
  expect(photo).toMatchObject({
    hash: sha256,
    fileName: name,
    processing: 'ready',
    description: `of ${name}`,
    favorite: true,
  });
  for (const url of Object.values<string>(photo.thumbnails)) expect((await http(url)).status).toBe(200);
  const { url } = (await phone.call(`/photos/${id}/download?size=original`)).body;
  expect((await http(url)).bytes).toEqual(await readFile(path));
}

/** Brings a small export into the library, in an album of its own, and deletes the archive. */
export async function importTakeout(folder: string, phone: Phone): Promise<void> {
  const photos = await distinctPhotos(await mkdtemp(join(folder, 'import-')), PHOTOS, { label: 'imported' });
  const files: Files = { [`${ROOT}/Import/metadata.json`]: { title: 'Import' } };
  for (const { name, path } of photos) {
    files[`${ROOT}/Import/${name}`] = await readFile(path);
    files[`${ROOT}/Import/${name}.json`] = sidecar(name, '2015-07-01T10:00:00Z', {
      description: `of ${name}`,
      favorited: true,
    });
  }
  const archive = await writeArchive(folder, 'takeout.zip', files);
  const hashes = await sendArchives(phone, [archive]);
  const { cursor } = await phone.feed();
  const id = await startImport(phone, { source: 'takeout', hashes });
  expect(await importEnded(phone, id)).toMatchObject({
    status: 'completed',
    imported: PHOTOS,
    sidecars: PHOTOS + 1,
    failed: 0,
    ignored: 0,
  });
  const report = await reportOf(phone, id);
  const photoIds = photos.map(({ name }) => report[`${ROOT}/Import/${name}`].photoId);
  for (const [index, photo] of photos.entries()) await lookAt(phone, photoIds[index], photo);

  const album = (await phone.call('/albums')).body.albums.find(
    ({ name }: { name: string }) => name === 'Import',
  );
  expect(album).toMatchObject({ itemCount: PHOTOS });
  const { items } = await phone.feed(cursor);
  expect(new Set(items.map(({ data }) => data.id))).toEqual(new Set([album.id, ...photoIds]));

  const [stored] = (await phone.call('/archives')).body.archives;
  expect(stored).toMatchObject({ hash: archive.sha256, fileName: 'takeout.zip', importIds: [id] });
  expect((await phone.call(`/archives/${stored.id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await phone.call('/archives')).body.archives).toEqual([]);
  expect((await phone.call(`/photos/${photoIds[0]}/download?size=original`)).status).toBe(200);
}

/** Imports so many photos from a plain ZIP. Resolves to their ids; their previews may still have to be made. */
export async function importFolder(folder: string, phone: Phone, count: number): Promise<string[]> {
  const files: Files = {};
  const place = await mkdtemp(join(folder, 'import-'));
  for (const { name, path } of await distinctPhotos(place, count, { label: 'zipped' }))
    files[`Holiday/${name}`] = await readFile(path);
  const [hash] = await sendArchives(phone, [await writeArchive(place, 'holiday.zip', files)]);
  const id = await startImport(phone, { source: 'folder', hash });
  expect(await importEnded(phone, id)).toMatchObject({ status: 'completed', imported: count });
  return Object.values(await reportOf(phone, id)).map(({ photoId }) => photoId);
}
