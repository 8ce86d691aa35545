import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import { eventually, type HttpReply, type SamplePhoto } from '@lazyphotos/testkit';
import yazl from 'yazl';
import type { Phone } from './api.js';

/** What an archive of a test holds, in its order: paths with their content; objects become JSON. */
export type Files = Record<string, Buffer | object>;

type Body = HttpReply['body'];

/** Writes a ZIP, which a phone can upload like a photo. */
export async function writeArchive(folder: string, name: string, files: Files): Promise<SamplePhoto> {
  const zip = new yazl.ZipFile();
  for (const [path, content] of Object.entries(files))
    zip.addBuffer(Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content)), path);
  zip.end();
  const bytes = await buffer(zip.outputStream);
  const path = join(folder, name);
  await writeFile(path, bytes);
  return {
    name,
    path,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    mime: 'application/zip',
    width: undefined,
    height: undefined,
    referenceResult: 'none',
  };
}

/** The JSON that Google writes beside a photo. */
export const sidecar = (title: string, taken: string, more: object = {}) => ({
  title,
  description: '',
  photoTakenTime: { timestamp: String(Date.parse(taken) / 1000), formatted: taken },
  geoData: { latitude: 0, longitude: 0, altitude: 0 },
  geoDataExif: { latitude: 0, longitude: 0, altitude: 0 },
  ...more,
});

/** Uploads archives. Resolves to their hashes. */
export async function sendArchives(phone: Phone, archives: readonly SamplePhoto[]): Promise<string[]> {
  for (const archive of archives) {
    const { status, text } = await phone.upload(archive);
    if (status !== 200) throw new Error(`${archive.name}: ${text}`);
  }
  return archives.map(({ sha256 }) => sha256);
}

/** Starts an import. Resolves to its id. */
export async function startImport(phone: Phone, json: object): Promise<string> {
  const { status, body, text } = await phone.call('/imports', { json });
  if (status !== 200) throw new Error(`not started: ${text}`);
  return body.importJobId;
}

/** Reads an import, whose counters add up at every moment. */
export async function readImport(phone: Phone, id: string): Promise<Body> {
  const { status, body, text } = await phone.call(`/imports/${id}`);
  if (status !== 200) throw new Error(`import: ${text}`);
  const { total, processed, waiting, bytesProcessed, bytesTotal } = body;
  const { imported, duplicates, failed, unsupported, sidecars, ignored } = body;
  expect({ total, processed }).toEqual({
    total: waiting + imported + duplicates + failed + unsupported + sidecars + ignored,
    processed: total - waiting,
  });
  expect(bytesProcessed).toBeLessThanOrEqual(bytesTotal);
  return body;
}

/** Waits until an import has ended. Resolves to what it is then. */
export const importEnded = (phone: Phone, id: string): Promise<Body> =>
  eventually(async () => {
    const job = await readImport(phone, id);
    if (!['completed', 'failed', 'cancelled'].includes(job.status)) throw new Error(JSON.stringify(job));
    return job;
  });

/** The entries of a report, by path. */
export async function reportOf(phone: Phone, id: string): Promise<Record<string, Body>> {
  const { status, body, text } = await phone.call(`/imports/${id}/report`);
  if (status !== 200) throw new Error(`report: ${text}`);
  return Object.fromEntries(body.entries.map((entry: { path: string }) => [entry.path, entry]));
}

/** All photos, also those in the trash, once none of them waits for its previews. */
export const settledPhotos = (phone: Phone): Promise<Body[]> =>
  eventually(async () => {
    const lists = await Promise.all(
      ['', '&trashed=true'].map((filter) => phone.call(`/photos?limit=500${filter}`)),
    );
    const photos = lists.flatMap(({ body }) => body.photos);
    const pending = photos.filter(({ processing }) => processing === 'pending');
    if (pending.length > 0) throw new Error(`${pending.length} photos are still pending`);
    return photos;
  });
