import { type Context, signedInAccount } from '../context.js';
import { UsageError } from '../errors.js';
import { photoColumns, photoEntry, printList } from '../library/listing.js';

export interface SearchOptions {
  limit: number;
  /** RFC 3339 */
  from?: string;
  /** RFC 3339 */
  to?: string;
  tag?: string;
  camera?: string;
  /** `lat,lon` in degrees */
  near?: string;
  /** Kilometres */
  radius?: number;
}

/** Lists photos by words and filters, best match first. */
export async function search(
  context: Context,
  words: readonly string[],
  { limit, radius, ...filters }: SearchOptions,
): Promise<number> {
  const { client, signal } = context;
  const q = words.join(' ').trim() || undefined;
  if (q === undefined && Object.values(filters).every((value) => value === undefined))
    throw new UsageError('give words, or one of --from, --to, --tag, --camera and --near');
  if (radius !== undefined && filters.near === undefined) throw new UsageError('--radius needs --near');
  await signedInAccount(context);
  return printList(context, {
    limit,
    field: 'photos',
    page: (page) => client.search({ query: { q, ...filters, radiusKm: radius, ...page } }, { signal }),
    empty: 'No photo was found.',
    entry: photoEntry,
    columns: photoColumns,
  });
}
