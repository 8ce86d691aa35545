import { pagesOf } from '@lazyphotos/client';
import { type Album, MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError } from '../errors.js';
import { count } from '../format.js';
import { isBeginningOf, isId, MAX_CANDIDATES, sameName, theOnly, unlessNotFound } from './references.js';

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
