import { readFile, stat } from 'node:fs/promises';
import { type AlbumFacts, type PhotoFacts, readTakeoutJson, readXmp } from '@lazyphotos/import-engine';
import type { LocalPath } from '../local-path.js';

/** Sidecars have a few kilobytes. What is longer is none, and would only fill the memory. */
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

/** What the sidecars of a photo say. Where two say something, the JSON file of the export does. Undefined when they say nothing. */
export async function factsOf({ json, xmp }: SidecarPaths): Promise<PhotoFacts | undefined> {
  const said = [
    xmp === undefined ? undefined : await readXmpSidecar(xmp),
    json === undefined ? undefined : await readJsonSidecar(json),
  ];
  const all = said.flatMap((sidecar) =>
    sidecar?.kind === 'facts' && sidecar.facts.kind === 'photo' ? [sidecar.facts] : [],
  );
  return all.length === 0 ? undefined : Object.assign({ kind: 'photo' as const }, ...all);
}
