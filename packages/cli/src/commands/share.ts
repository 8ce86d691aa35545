import type { CreatedShareLink, ShareLink } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes, UsageError } from '../errors.js';
import { count, formatLocalTime } from '../format.js';
import { batchesOf } from '../library/batches.js';
import { findAlbum, findLinkId, findPhotoByName, isId, notFound, unlessNotFound } from '../library/find.js';
import { printList } from '../library/listing.js';

export interface ShareOptions {
  title?: string;
  withPassword?: boolean;
  /** RFC 3339 */
  expires?: string;
  /** False with --no-download. */
  download: boolean;
  showLocation?: boolean;
}

/** The photo or album of a link, with its name. */
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
  const password = await prompts.linkPassword('Password of the link', options.withPassword === true);
  const isNewAlbum = Array.isArray(found);
  const { link, name } = isNewAlbum
    ? await shareAsAlbum(context, found, { ...options, password })
    : { link: await createLink(context, found, { ...options, password }), name: found.name };
  explain(context, link, { name, isNewAlbum });
  output.result(link.url);
  const { token: _token, ...shown } = link;
  output.document({ ...shown, createdAlbum: isNewAlbum ? { id: link.albumId, name } : null });
  return exitCodes.ok;
}

/** Resolves to one album or photo, or to the ids of several photos. */
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
    throw new UsageError(`a link shows one album, or photos; share the album "${album.name}" alone`);
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
      `there is no album and no photo "${reference}"; to find it, run: ${nextCommand(context, 'albums')} or ${nextCommand(context, 'search <words>')}`,
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

/** Deletes the new album if there is a failure: an album without a link is of no use. */
async function shareAsAlbum(
  context: Context,
  photoIds: readonly string[],
  options: LinkOptions,
): Promise<{ link: CreatedShareLink; name: string }> {
  const { client, signal } = context;
  const today = formatLocalTime(new Date().toISOString()).slice(0, 10);
  const name = options.title ?? `Shared on ${today}`;
  const album = await client.createAlbum({ body: { name } }, { signal });
  try {
    for (const batch of batchesOf(photoIds))
      await client.addAlbumItems({ params: { id: album.id }, body: { photoIds: batch } }, { signal });
    return { link: await createLink(context, { albumId: album.id }, options), name };
  } catch (error) {
    await client.deleteAlbum({ params: { id: album.id } }).catch(() => undefined);
    throw error;
  }
}

function explain(
  context: Context,
  { id, expiresAt, hasPassword, allowDownload, showLocation, albumId }: CreatedShareLink,
  { name, isNewAlbum }: { name: string; isNewAlbum: boolean },
): void {
  const { output } = context;
  if (isNewAlbum) output.note(`The link shows the new album "${name}" of these photos.`);
  else output.note(`The link shows the ${albumId === undefined ? 'photo' : 'album'} "${name}".`);
  const traits = [
    expiresAt === null ? 'does not expire' : `expires on ${formatLocalTime(expiresAt)}`,
    hasPassword ? 'asks for the password' : 'needs no password',
    allowDownload ? 'allows downloads' : 'allows no downloads',
    `${showLocation ? 'shows' : 'hides'} where photos were taken`,
  ];
  output.note(`It ${traits.join(', ')}.`);
  output.note(`The link is shown only once. To end it, run: ${nextCommand(context, `share revoke ${id}`)}`);
}

/** Lists the share links, newest first, including expired ones. */
export async function listShares(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, signal } = context;
  await signedInAccount(context);
  return printList(context, {
    limit,
    field: 'shareLinks',
    page: (query) => client.listShareLinks({ query }, { signal }),
    empty: 'You have no share links.',
    columns: async (link) => shareColumns(link, await nameOf(context, link), Date.now()),
  });
}

/** Resolves to the title of the link, otherwise to the name of its album or photo, or to its id if that no longer exists. */
async function nameOf({ client, signal }: Context, { title, albumId, photoId }: ShareLink): Promise<string> {
  if (title !== undefined) return title;
  const params = { id: albumId ?? photoId ?? '' };
  const name =
    albumId === undefined
      ? (await unlessNotFound(client.getPhoto({ params }, { signal })))?.fileName
      : (await unlessNotFound(client.getAlbum({ params }, { signal })))?.name;
  return name ?? params.id;
}

/** Name, end, views, restrictions, id. */
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
    expiresAt === null ? 'does not expire' : `${expired ? 'expired' : 'until'} ${formatLocalTime(expiresAt)}`,
    count(viewCount, 'view'),
    traits.join(', ') || '-',
    id,
  ];
}

/** Ends a link. */
export async function revokeShare(context: Context, reference: string): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const id = await findLinkId(context, reference);
  const revoked =
    id !== undefined &&
    (await unlessNotFound(client.deleteShareLink({ params: { id } }, { signal }).then(() => true)));
  if (!revoked) throw notFound(context, `share link "${reference}"`, 'share list');
  output.line('Revoked. Open pages stop showing pictures within minutes.');
  output.document({ revoked: id });
  return exitCodes.ok;
}
