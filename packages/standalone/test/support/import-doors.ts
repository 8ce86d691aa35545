import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect } from '@jest/globals';
import type { HttpReply, SamplePhoto } from '@lazyphotos/testkit';
import type { Phone } from './api.js';
import type { Library } from './doors.js';
import { type Files, importEnded, sendArchives, startImport, writeArchive } from './imports.js';

/** An import of another user, and the archive that it read. */
export interface ForeignImport {
  phone: Phone;
  importId: string;
  archiveId: string;
  hash: string;
  sizeBytes: number;
  /** The import when it had ended. */
  job: HttpReply['body'];
}

async function archiveOf(folder: string, name: string, photos: readonly SamplePhoto[]): Promise<SamplePhoto> {
  const files: Files = {};
  for (const photo of photos) files[`Photos/${basename(photo.name)}`] = await readFile(photo.path);
  return writeArchive(folder, name, files);
}

/** Imports photos that the library has already: nothing changes. Resolves to the import's id. */
export async function importAgain(
  folder: string,
  phone: Phone,
  photos: readonly SamplePhoto[],
): Promise<string> {
  const [hash] = await sendArchives(phone, [await archiveOf(folder, 'own.zip', photos)]);
  const id = await startImport(phone, { source: 'folder', hash });
  expect(await importEnded(phone, id)).toMatchObject({ imported: 0, duplicates: photos.length });
  return id;
}

/** Has another user import one photo. */
export async function foreignImport(
  folder: string,
  phone: Phone,
  photo: SamplePhoto,
): Promise<ForeignImport> {
  const archive = await archiveOf(folder, 'foreign.zip', [photo]);
  const [hash = ''] = await sendArchives(phone, [archive]);
  const importId = await startImport(phone, { source: 'folder', hash });
  const job = await importEnded(phone, importId);
  const archiveId = (await phone.call('/archives')).body.archives[0].id;
  return { phone, importId, archiveId, hash, sizeBytes: archive.bytes, job };
}

/** A way to imports and archives. */
export interface ImportDoor {
  name: string;
  /** What somebody who is not their user is told. */
  code: 'not_found' | 'archive_not_found';
  ask(library: Library, foreign: ForeignImport): Promise<HttpReply>;
}

const byId = (name: string, path = '', options: { method?: string; json?: unknown } = {}): ImportDoor => ({
  name,
  code: 'not_found',
  ask: ({ phone }, { importId }) => phone.call(`/imports/${importId}${path}`, options),
});

export const importDoors: ImportDoor[] = [
  byId('an import'),
  byId('the report', '/report'),
  byId('the report as CSV', '/report?format=csv'),
  byId('a pause', '/pause', { method: 'POST' }),
  byId('a resumption', '/resume', { method: 'POST' }),
  byId('a cancellation', '', { method: 'DELETE' }),
  {
    name: 'a further part',
    code: 'not_found',
    ask: async ({ phone }, { importId }) => {
      const [own] = (await phone.call('/archives')).body.archives;
      return phone.call(`/imports/${importId}/parts`, { json: { hashes: [own.hash] } });
    },
  },
  {
    name: 'an archive',
    code: 'not_found',
    ask: ({ phone }, { archiveId }) => phone.call(`/archives/${archiveId}`, { method: 'DELETE' }),
  },
  {
    name: 'an import by the hash of an archive',
    code: 'archive_not_found',
    ask: ({ phone }, { hash }) => phone.call('/imports', { json: { source: 'folder', hash } }),
  },
  {
    name: 'an import by the hashes of archives',
    code: 'archive_not_found',
    ask: async ({ phone }, { hash }) => {
      const [own] = (await phone.call('/archives')).body.archives;
      return phone.call('/imports', { json: { source: 'folder', hashes: [own.hash, hash] } });
    },
  },
  {
    name: 'a part by the hash of an archive',
    code: 'archive_not_found',
    ask: ({ phone, importId }, { hash }) =>
      phone.call(`/imports/${importId}/parts`, { json: { hashes: [hash] } }),
  },
];
