import { pagesOf } from '@lazyphotos/client';
import { type Album, type CreatedShareLink, MAX_LIMIT, type ShareLink } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, UsageError, exitCodes } from '../errors.js';
import { count, formatLocalTime } from '../format.js';
import { batchesOf } from '../library/batches.js';
import { MAX_CANDIDATES, findAlbum, findPhotoByName, isBeginningOf, isId, theOnly, unlessNotFound } from '../library/find.js';
import { printList } from '../library/listing.js';

export interface ShareOptions {
  title?: string;
  withPassword?: boolean;
  /** Standard input has it, so there is to be one. */
  passwordStdin?: boolean;
  /** RFC 3339 */
  expires?: string;
  /** False with --no-download. */
  download: boolean;
  showLocation?: boolean;
}

/** What a link shows, and how it is called. */
interface Target {
  photoId?: string;
  albumId?: string;
  name: string;
}

/** Creates a link to an album or a photo, or to a new album of several photos, and prints it. */
export async function share(
  context: Context,
  references: readonly string[],
  options: ShareOptions,
): Promise<number> {
  const { output, prompts } = context;
  await signedInAccount(context);
  const found = await findTarget(context, references);
  const password =
    options.withPassword || options.passwordStdin
      ? await prompts.linkPassword('Password of the link')
      : undefined;
  const { link, album } = Array.isArray(found)
    ? await shareAsAlbum(context, found, { ...options, password })
    : { link: await createLink(context, found, { ...options, password }), album: undefined };
  const name = Array.isArray(found) ? (album?.name ?? '') : found.name;
  explain(context, link, { name, album });
  output.result(link.url);
  const { token: _token, ...shown } = link;
  output.document({
    ...shown,
    createdAlbum: album === undefined ? null : { id: album.id, name: album.name },
  });
  return exitCodes.ok;
}

/** One album or photo, or the ids of several photos. */
async function findTarget(context: Context, references: readonly string[]): Promise<Target | string[]> {
  const targets = new Map<string, Target>();
  for (const reference of references) {
    const target = await targetOf(context, reference);
    targets.set(target.albumId ?? target.photoId ?? '', target);
  }
  const [only] = targets.values();
  if (only !== undefined && targets.size === 1) return only;
  const album = [...targets.values()].find(({ albumId }) => albumId !== undefined);
  if (album !== undefined)
    throw new UsageError(`a link shows one album, or photos; share the album "${album.name}" by itself`);
  return [...targets.keys()];
}

/** @throws CliError `not_found`, `ambiguous`, `in_trash` */
async function targetOf(context: Context, reference: string): Promise<Target> {
  const { client, signal } = context;
  const album = await findAlbum(context, reference);
  const photo = isId(reference)
    ? album === undefined &&
      (await unlessNotFound(client.getPhoto({ params: { id: reference } }, { signal })))
    : await findPhotoByName(context, reference, 'library');
  if (album !== undefined && photo)
    throw new CliError(
      'ambiguous',
      `"${reference}" is the album ${album.id} and the photo ${photo.id}; give the id`,
    );
  if (album !== undefined) return { albumId: album.id, name: album.name };
  if (!photo)
    throw new CliError(
      'not_found',
      `there is no album and no photo "${reference}"; look with: ${nextCommand(context, 'albums')} or ${nextCommand(context, 'search <words>')}`,
    );
  if (photo.isDeleted)
    throw new CliError(
      'in_trash',
      `${photo.fileName} is in the trash; first run: ${nextCommand(context, `trash restore ${photo.id}`)}`,
    );
  return { photoId: photo.id, name: photo.fileName };
}

type LinkOptions = ShareOptions & { password: string | undefined };

function createLink(
  { client, signal }: Context,
  { photoId, albumId }: Omit<Target, 'name'>,
  { title, password, expires, download, showLocation = false }: LinkOptions,
): Promise<CreatedShareLink> {
  const body = {
    photoId,
    albumId,
    title,
    password,
    expiresAt: expires,
    allowDownload: download,
    showLocation,
  };
  return client.createShareLink({ body }, { signal });
}

/** The new album does not outlive a failure: nobody has asked for an album without a link. */
async function shareAsAlbum(
  context: Context,
  photoIds: readonly string[],
  options: LinkOptions,
): Promise<{ link: CreatedShareLink; album: Album }> {
  const { client, signal } = context;
  const today = formatLocalTime(new Date().toISOString()).slice(0, 10);
  const name = options.title ?? `Shared on ${today}`;
  const album = await client.createAlbum({ body: { name } }, { signal });
  try {
    for (const batch of batchesOf(photoIds))
      await client.addAlbumItems({ params: { id: album.id }, body: { photoIds: batch } }, { signal });
    return { link: await createLink(context, { albumId: album.id }, options), album };
  } catch (error) {
    await client.deleteAlbum({ params: { id: album.id } }).catch(() => undefined);
    throw error;
  }
}

function explain(
  context: Context,
  { id, expiresAt, hasPassword, allowDownload, showLocation, albumId }: CreatedShareLink,
  { name, album }: { name: string; album: Album | undefined },
): void {
  const { output } = context;
  if (album !== undefined)
    output.note(`The photos are in the new album "${name}" now, and the link shows that album.`);
  else output.note(`The link shows the ${albumId === undefined ? 'photo' : 'album'} "${name}".`);
  const traits = [
    expiresAt === null ? 'does not expire' : `expires on ${formatLocalTime(expiresAt)}`,
    hasPassword ? 'asks for the password' : 'needs no password',
    allowDownload ? 'allows downloads' : 'allows no downloads',
    `${showLocation ? 'shows' : 'hides'} where photos were taken`,
  ];
  output.note(`It ${traits.join(', ')}.`);
  output.note(`The link is shown once. To end it: ${nextCommand(context, `share revoke ${id}`)}`);
}

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
