import { hasCode, pagesOf } from '@lazyphotos/client';
import { type Album, type ImportJob, MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError } from '../errors.js';
import { count, formatLocalTime } from '../format.js';

/**
 * What the command line names: photos by id or file name, albums by id, name or the first digits of the id, and imports and links by id
 * or its first digits. A name that fits several things is refused.
 */

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ID_BEGINNING = /^[0-9a-f]{8}[0-9a-f-]{0,28}$/i;

export const isId = (text: string): boolean => ID.test(text);

/** Returns whether a text is the beginning of an id. It needs eight digits, because a shorter text is more likely a name. */
export const isBeginningOf = (text: string, id: string): boolean =>
  ID_BEGINNING.test(text) && id.startsWith(text.toLowerCase());

/** Compares names in one Unicode form: macOS decomposes the accents of file names. */
const sameName = (a: string, b: string): boolean => a.normalize('NFC') === b.normalize('NFC');

/** An error message names at most this many candidates. */
const MAX_CANDIDATES = 5;

/** Returns the only item that was found, if any. @throws CliError `ambiguous` if there are several */
export function theOnly<T extends { id: string }>(
  reference: string,
  found: readonly T[],
  labelOf: (item: T) => string,
): T | undefined {
  if (found.length <= 1) return found[0];
  const list = found.slice(0, MAX_CANDIDATES).map((item) => `${item.id} (${labelOf(item)})`);
  const more = found.length > MAX_CANDIDATES ? ' and more' : '';
  throw new CliError('ambiguous', `"${reference}" can be ${list.join(', ')}${more}; give the id`);
}

/** Reads pages until there are more matches than an error message names. */
async function matchesIn<P, T>(
  pages: AsyncIterable<P>,
  itemsOf: (page: P) => readonly T[],
  isMatch: (item: T) => boolean,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) {
    found.push(...itemsOf(page).filter(isMatch));
    if (found.length > MAX_CANDIDATES) break;
  }
  return found;
}

/** Resolves to the result, or to undefined if the node responds `not_found`. */
export async function unlessNotFound<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, 'not_found')) return undefined;
    throw error;
  }
}

/** The error for a thing that does not exist, with the command that lists those that do. */
export const notFound = (context: Context, what: string, listCommand: string): CliError =>
  new CliError('not_found', `there is no ${what}; to list all, run: ${nextCommand(context, listCommand)}`);

export type Where = 'library' | 'trash';

/** A photo that the command line names. One that was given by its id has not been looked up. */
export interface NamedPhoto {
  id: string;
  fileName?: string | undefined;
}

/** The first words of a file name: enough to tell it from others, and fewer than the limit of a search. */
const FIRST_WORDS = /^[^\p{L}\p{N}]*(?:[\p{L}\p{N}\p{M}]+[^\p{L}\p{N}\p{M}]*){1,8}/u;
const MAX_SEARCH = 190;

/** Returns a search for the words of a file name in this order, or undefined if it has no words or very long ones. */
export function searchForName(fileName: string): string | undefined {
  const words = FIRST_WORDS.exec(fileName.replaceAll(/["“”„«»＂]/g, ' '))?.[0].trim();
  return words === undefined || words.length > MAX_SEARCH ? undefined : `"${words}"`;
}

/** Returns pages that contain all photos with this file name, among others. A search leaves out the trash. */
function candidates({ client, signal }: Context, fileName: string, where: Where) {
  const q = where === 'library' ? searchForName(fileName) : undefined;
  const trashed = where === 'trash';
  return pagesOf((cursor) =>
    q === undefined
      ? client.listPhotos({ query: { trashed, cursor, limit: MAX_LIMIT } }, { signal })
      : client.search({ query: { q, cursor, limit: MAX_LIMIT } }, { signal }),
  );
}

/** Resolves to the photo with this file name, if any. @throws CliError `ambiguous` */
export async function findPhotoByName(
  context: Context,
  fileName: string,
  where: Where,
): Promise<Photo | undefined> {
  const found = await matchesIn(
    candidates(context, fileName, where),
    ({ photos }) => photos,
    (photo) => sameName(photo.fileName, fileName),
  );
  return theOnly(
    fileName,
    found,
    ({ capturedAt, uploadedAt }) => `photo of ${(capturedAt ?? uploadedAt).slice(0, 10)}`,
  );
}

/**
 * Resolves to photos by id or file name, each once.
 * @throws CliError `not_found` that names all missing photos, `ambiguous`
 */
export async function photosOrThrow(
  context: Context,
  references: readonly string[],
  where: Where,
): Promise<NamedPhoto[]> {
  const photos = new Map<string, NamedPhoto>();
  const missing: string[] = [];
  for (const reference of references) {
    const photo: NamedPhoto | undefined = isId(reference)
      ? { id: reference.toLowerCase() }
      : await findPhotoByName(context, reference, where);
    if (photo === undefined) missing.push(`"${reference}"`);
    else photos.set(photo.id, { id: photo.id, fileName: photo.fileName });
  }
  if (missing.length === 0) return [...photos.values()];
  const place = where === 'trash' ? ' in the trash' : '';
  const next = nextCommand(context, where === 'trash' ? 'trash list' : 'search <words>');
  throw new CliError(
    'not_found',
    `there is no photo ${missing.join(', ')}${place}; to find it, run: ${next}`,
  );
}

/**
 * Resolves to the album with this id or name, otherwise with this name in other case, otherwise with an id that begins so, if any.
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
  return theOnly(reference, best, ({ name, itemCount }) => `album ${name}, ${count(itemCount, 'photo')}`);
}

/** @throws CliError `not_found`, `ambiguous` */
export async function albumOrThrow(context: Context, reference: string): Promise<Album> {
  const album = await findAlbum(context, reference);
  if (album === undefined) throw notFound(context, `album "${reference}"`, 'albums');
  return album;
}

/** Resolves to the import with this id, or with an id that begins so. @throws CliError `not_found`, `ambiguous` */
export async function importOrThrow(context: Context, reference: string): Promise<ImportJob> {
  const { client, signal } = context;
  const found = isId(reference)
    ? await unlessNotFound(client.getImport({ params: { id: reference } }, { signal }))
    : theOnly(
        reference,
        await matchesIn(
          pagesOf((cursor) => client.listImports({ query: { cursor, limit: MAX_LIMIT } }, { signal })),
          ({ imports }) => imports,
          ({ id }) => isBeginningOf(reference, id),
        ),
        ({ status, createdAt }) => `${status}, of ${formatLocalTime(createdAt)}`,
      );
  if (found === undefined) throw notFound(context, `import "${reference}"`, 'import list');
  return found;
}

/** Resolves to the id of the link with this id, or with an id that begins so, if any. @throws CliError `ambiguous` */
export async function findLinkId(
  { client, signal }: Context,
  reference: string,
): Promise<string | undefined> {
  if (isId(reference)) return reference;
  const found = await matchesIn(
    pagesOf((cursor) => client.listShareLinks({ query: { cursor, limit: MAX_LIMIT } }, { signal })),
    ({ shareLinks }) => shareLinks,
    ({ id }) => isBeginningOf(reference, id),
  );
  return theOnly(
    reference,
    found,
    ({ title, createdAt }) => `${title ?? 'no title'}, of ${createdAt.slice(0, 10)}`,
  )?.id;
}
