import { hasCode, pagesOf } from '@lazyphotos/client';
import { type Album, type ImportJob, MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError } from '../errors.js';
import { count, formatLocalTime } from '../format.js';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ID_BEGINNING = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/i;

export const isId = (text: string): boolean => ID.test(text);

/** Whether a text can be the beginning of this id: eight digits at least, or it would rather be a name. */
export const isBeginningOf = (text: string, id: string): boolean =>
  ID_BEGINNING.test(text) && id.startsWith(text.toLowerCase());

/** Names are compared as they look: macOS decomposes the accents of file names. */
export const sameName = (a: string, b: string): boolean => a.normalize('NFC') === b.normalize('NFC');

export interface Candidate {
  id: string;
  /** What tells it from the others. */
  label: string;
}

/** So many are named; nobody reads more. */
export const MAX_CANDIDATES = 5;

/** @throws CliError `ambiguous` unless there is one at most */
export function theOnly<T>(
  reference: string,
  found: readonly T[],
  candidateOf: (item: T) => Candidate,
): T | undefined {
  if (found.length <= 1) return found[0];
  const named = found.slice(0, MAX_CANDIDATES).map(candidateOf);
  const list = named.map(({ id, label }) => `${id} (${label})`).join(', ');
  const more = found.length > MAX_CANDIDATES ? ' and more' : '';
  throw new CliError('ambiguous', `"${reference}" can be ${list}${more}; give the id`);
}

/** The result, or undefined where the node says that there is no such thing. */
export async function unlessNotFound<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'not_found')) return undefined;
    throw error;
  }
}

export type Where = 'library' | 'trash';

/** A photo that was named on the command line; one that was given by its id has not been looked up. */
export interface NamedPhoto {
  id: string;
  fileName?: string | undefined;
}

/** Words of a file name that a search is made of: enough to tell it from others, and fewer than a search may have. */
const FIRST_WORDS = /^[^\p{L}\p{N}]*(?:[\p{L}\p{N}\p{M}]+[^\p{L}\p{N}\p{M}]*){1,8}/u;
const MAX_SEARCH = 190;

/** A search for the words of a file name next to each other; undefined for a name without words or with a very long one. */
export function searchForName(fileName: string): string | undefined {
  const words = FIRST_WORDS.exec(fileName.replaceAll(/["“”„«»＂]/g, ' '))?.[0].trim();
  return words === undefined || words.length > MAX_SEARCH ? undefined : `"${words}"`;
}

/** Pages of photos among which those with this file name are. Search leaves the trash out. */
function candidates({ client, signal }: Context, fileName: string, where: Where) {
  const q = where === 'library' ? searchForName(fileName) : undefined;
  const trashed = where === 'trash';
  return pagesOf((cursor) =>
    q === undefined
      ? client.listPhotos({ query: { trashed, cursor, limit: MAX_LIMIT } }, { signal })
      : client.search({ query: { q, cursor, limit: MAX_LIMIT } }, { signal }),
  );
}

/**
 * The photo with this file name; undefined if there is none.
 * @throws CliError `ambiguous`
 */
export async function findPhotoByName(
  context: Context,
  fileName: string,
  where: Where,
): Promise<Photo | undefined> {
  const found: Photo[] = [];
  for await (const { photos } of candidates(context, fileName, where)) {
    found.push(...photos.filter((photo) => sameName(photo.fileName, fileName)));
    if (found.length > MAX_CANDIDATES) break;
  }
  return theOnly(fileName, found, ({ id, capturedAt, uploadedAt }) => ({
    id,
    label: `photo of ${(capturedAt ?? uploadedAt).slice(0, 10)}`,
  }));
}

/**
 * Photos by id or file name, each once.
 * @throws CliError `not_found` that names all that were not found, `ambiguous`
 */
export async function photosOrThrow(
  context: Context,
  references: readonly string[],
  where: Where,
): Promise<NamedPhoto[]> {
  const photos = new Map<string, NamedPhoto>();
  const missing: string[] = [];
  for (const reference of references) {
    const photo = isId(reference)
      ? { id: reference.toLowerCase() }
      : await findPhotoByName(context, reference, where);
    if (photo === undefined) missing.push(`"${reference}"`);
    else photos.set(photo.id, { id: photo.id, ...('fileName' in photo && { fileName: photo.fileName }) });
  }
  if (missing.length === 0) return [...photos.values()];
  const place = where === 'trash' ? ' in the trash' : '';
  const next = nextCommand(context, where === 'trash' ? 'trash list' : 'search <words>');
  throw new CliError('not_found', `no photo${place} is called ${missing.join(', ')}; look with: ${next}`);
}

/**
 * The album with this id or name, else with this name in other case, else with an id that begins so; undefined if there is none.
 * @throws CliError `ambiguous`
 */
export async function findAlbum({ client, signal }: Context, reference: string): Promise<Album | undefined> {
  if (isId(reference)) return unlessNotFound(client.getAlbum({ params: { id: reference } }, { signal }));
  const matches: ((album: Album) => boolean)[] = [
    ({ name }) => sameName(name, reference),
    ({ name }) => sameName(name.toLowerCase(), reference.toLowerCase()),
    ({ id }) => isBeginningOf(reference, id),
  ];
  const found: Album[][] = matches.map(() => []);
  const ask = (cursor: string | undefined) =>
    client.listAlbums({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { albums } of pagesOf(ask)) {
    for (const album of albums) {
      const level = found[matches.findIndex((match) => match(album))];
      if (level !== undefined && level.length <= MAX_CANDIDATES) level.push(album);
    }
  }
  const best = found.find(({ length }) => length > 0) ?? [];
  return theOnly(reference, best, ({ id, name, itemCount }) => ({
    id,
    label: `album ${name}, ${count(itemCount, 'photo')}`,
  }));
}

/** @throws CliError `not_found`, `ambiguous` */
export async function albumOrThrow(context: Context, reference: string): Promise<Album> {
  const album = await findAlbum(context, reference);
  if (album !== undefined) return album;
  throw new CliError(
    'not_found',
    `there is no album "${reference}"; to see yours, run: ${nextCommand(context, 'albums')}`,
  );
}

/** The import with this id, or with an id that begins so. @throws CliError `not_found`, `ambiguous` */
export async function importOrThrow(context: Context, reference: string): Promise<ImportJob> {
  const { client, signal } = context;
  const found = isId(reference)
    ? await unlessNotFound(client.getImport({ params: { id: reference } }, { signal }))
    : await findByBeginning(context, reference);
  if (found !== undefined) return found;
  throw new CliError(
    'not_found',
    `there is no import "${reference}"; to see yours, run: ${nextCommand(context, 'import list')}`,
  );
}

async function findByBeginning(
  { client, signal }: Context,
  beginning: string,
): Promise<ImportJob | undefined> {
  const found: ImportJob[] = [];
  const ask = (cursor: string | undefined) =>
    client.listImports({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { imports } of pagesOf(ask)) {
    found.push(...imports.filter(({ id }) => isBeginningOf(beginning, id)));
    if (found.length > MAX_CANDIDATES) break;
  }
  return theOnly(beginning, found, ({ id, status, createdAt }) => ({
    id,
    label: `${status}, of ${formatLocalTime(createdAt)}`,
  }));
}
