import { pagesOf } from '@lazyphotos/client';
import { MAX_LIMIT, type ShareLink } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes } from '../errors.js';
import { count, formatLocalTime } from '../format.js';
import { printList } from '../library/listing.js';
import { isBeginningOf, isId, MAX_CANDIDATES, theOnly, unlessNotFound } from '../library/references.js';

/** Lists the share links, newest first, expired ones included. */
export async function listShares(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const { entries, hasMore } = await printList(context, {
    limit,
    page: async (query) => {
      const { shareLinks: items, ...rest } = await client.listShareLinks({ query }, { signal });
      return { items, ...rest };
    },
    nothing: 'There is no share link.',
    entry: (link) => link,
    columns: async (link) => shareColumns(link, await nameOf(context, link), Date.now()),
  });
  output.document({ shareLinks: entries, hasMore });
  return exitCodes.ok;
}

/** The link's title, else the name of what it shows; its id where that has gone. */
async function nameOf({ client, signal }: Context, { title, albumId, photoId }: ShareLink): Promise<string> {
  if (title !== undefined) return title;
  const params = { id: albumId ?? photoId ?? '' };
  const name =
    albumId === undefined
      ? (await unlessNotFound(client.getPhoto({ params }, { signal })))?.fileName
      : (await unlessNotFound(client.getAlbum({ params }, { signal })))?.name;
  return name ?? params.id;
}

/** Name, end, views, what it asks for and allows, id. */
function shareColumns(link: ShareLink, name: string, now: number): string[] {
  const { id, expiresAt, hasPassword, allowDownload, showLocation, viewCount } = link;
  const expired = expiresAt !== null && Date.parse(expiresAt) <= now;
  const traits = [
    ...(hasPassword ? ['password'] : []),
    ...(allowDownload ? [] : ['no download']),
    ...(showLocation ? ['locations'] : []),
  ];
  return [
    name,
    expiresAt === null ? 'no end' : `${expired ? 'expired' : 'until'} ${formatLocalTime(expiresAt)}`,
    count(viewCount, 'view'),
    traits.join(', ') || '-',
    id,
  ];
}

/** Ends a link. */
export async function revokeShare(context: Context, reference: string): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const id = isId(reference) ? reference : (await findLink(context, reference))?.id;
  const revoked =
    id !== undefined &&
    (await unlessNotFound(client.deleteShareLink({ params: { id } }, { signal }).then(() => true)));
  if (!revoked)
    throw new CliError(
      'not_found',
      `there is no share link "${reference}"; to see yours, run: ${nextCommand(context, 'share list')}`,
    );
  output.line(`Revoked. Pictures that somebody has open stop within minutes.`);
  output.document({ revoked: id });
  return exitCodes.ok;
}

/** The link whose id begins so. @throws CliError `ambiguous` */
async function findLink({ client, signal }: Context, beginning: string): Promise<ShareLink | undefined> {
  const found: ShareLink[] = [];
  const ask = (cursor: string | undefined) =>
    client.listShareLinks({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { shareLinks } of pagesOf(ask)) {
    found.push(...shareLinks.filter(({ id }) => isBeginningOf(beginning, id)));
    if (found.length > MAX_CANDIDATES) break;
  }
  return theOnly(beginning, found, ({ id, title, createdAt }) => ({
    id,
    label: `${title ?? 'no title'}, of ${createdAt.slice(0, 10)}`,
  }));
}
