import { pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT, type Photo } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError } from '../errors.js';
import { isId, MAX_CANDIDATES, sameName, theOnly } from './references.js';

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
