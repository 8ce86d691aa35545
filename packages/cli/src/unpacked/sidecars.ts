import { readFile, stat } from 'node:fs/promises';
import { type AlbumFacts, type PhotoFacts, readTakeoutJson, readXmp } from '@lazyphotos/import-engine';
import type { LocalPath } from '../local-path.js';

/** Sidecars have a few kilobytes. A longer file is not a sidecar. */
const MAX_BYTES = 1024 * 1024;

export type Sidecar =
  | { kind: 'facts'; facts: PhotoFacts | AlbumFacts }
  | { kind: 'useless'; code: 'too_large' | 'no_facts' };

async function readSidecar(
  path: LocalPath,
  parse: (text: string) => PhotoFacts | AlbumFacts | undefined,
): Promise<Sidecar> {
  if ((await stat(path)).size > MAX_BYTES) return { kind: 'useless', code: 'too_large' };
  const facts = parse(await readFile(path, 'utf8'));
  return facts === undefined ? { kind: 'useless', code: 'no_facts' } : { kind: 'facts', facts };
}

export const readJsonSidecar = (path: LocalPath): Promise<Sidecar> => readSidecar(path, readTakeoutJson);

export const readXmpSidecar = (path: LocalPath): Promise<Sidecar> => readSidecar(path, readXmp);

/** The sidecars of a photo. */
export interface SidecarPaths {
  json?: LocalPath | undefined;
  xmp?: LocalPath | undefined;
}

/** Resolves to the metadata in the sidecars of a photo, if any. If both contain a field, the JSON file of the export counts. */
export async function factsOf({ json, xmp }: SidecarPaths): Promise<PhotoFacts | undefined> {
  const sidecars = [
    xmp === undefined ? undefined : await readXmpSidecar(xmp),
    json === undefined ? undefined : await readJsonSidecar(json),
  ];
  const all = sidecars.flatMap((sidecar) =>
    sidecar?.kind === 'facts' && sidecar.facts.kind === 'photo' ? [sidecar.facts] : [],
  );
  return all.length === 0 ? undefined : Object.assign({ kind: 'photo' as const }, ...all);
}
