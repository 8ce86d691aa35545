import { randomBytes } from 'node:crypto';
import type { BodyOf, CreatedShareLink, endpoints, ShareLink } from '@lazyphotos/contracts';
import { once } from '@lazyphotos/database';
import { type KeyedRequest, newId, notFound, ProblemError } from '@lazyphotos/service-kit';
import { holdPhotos, lockAlbum } from '../albums/locks.js';
import type { CatalogContext } from '../context.js';
import { newestFirst } from '../newest-first.js';
import type { CatalogTx } from '../prisma.js';
import { nearestInstant } from '../values.js';
import { shareLinkOf } from './record.js';

type NewShareLink = BodyOf<typeof endpoints.createShareLink>;
type ShareLinkPatch = BodyOf<typeof endpoints.updateShareLink>;

/** How many links a user may have, expired ones included. */
const MAX_LINKS = 1000;

/** What a keyed request keeps of its response: the token is made of the seed again, and of a key that is not in the database. */
interface Created {
  link: ShareLink;
  seed: string;
}

/** @throws ProblemError `invalid_request` for a time that has passed */
function expiryOf(given: string | null | undefined, now: Date): Date | null {
  if (given === null || given === undefined) return null;
  const at = nearestInstant(given);
  if (at > now) return at;
  const message = 'must be in the future';
  throw new ProblemError('invalid_request', `expiresAt ${message}`, {
    members: { errors: [{ path: 'body.expiresAt', message }] },
  });
}

/** Two requests at once must not both take the last place. @throws ProblemError `share_link_limit` */
async function requireRoom(tx: CatalogTx, userId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`share links of ${userId}`}, 0))`;
  if ((await tx.shareLink.count({ where: { userId } })) < MAX_LINKS) return;
  throw new ProblemError('share_link_limit', `Revoke some first: ${MAX_LINKS} share links are the most.`);
}

/** @throws ProblemError `not_found` for a photo or album that is not the user's, `share_link_limit`, `invalid_request` */
export async function createShareLink(
  context: CatalogContext,
  userId: string,
  body: NewShareLink,
  request: KeyedRequest | undefined,
): Promise<CreatedShareLink> {
  const { unitOfWork, accounts, passwords, shareSigning } = context;
  // Before the transaction, which must not stay open for a hash or a call of another service.
  const passwordHash = body.password ? await passwords.hash(body.password) : null;
  const kept = { ownerName: await accounts.displayName(userId), passwordHash };
  const { link, seed } = await unitOfWork.transaction((tx) => {
    const work = () => insertLink(context, tx, userId, body, kept);
    if (!request) return work();
    // The fingerprint covers the password, so it is keyed: an unkeyed one could be found by trying passwords.
    return once(tx, { ...request, fingerprint: shareSigning.fingerprint(request.fingerprint) }, work);
  });
  const token = shareSigning.tokenOf(Buffer.from(seed, 'base64url'));
  return { ...link, token, url: shareSigning.pageUrl(token) };
}

async function insertLink(
  { now, shareSigning }: CatalogContext,
  tx: CatalogTx,
  userId: string,
  body: NewShareLink,
  kept: { ownerName: string | undefined; passwordHash: string | null },
): Promise<Created> {
  const at = now();
  const expiresAt = expiryOf(body.expiresAt, at);
  if (body.photoId !== undefined) await holdPhotos(tx, userId, [body.photoId]);
  if (body.albumId !== undefined) await lockAlbum(tx, userId, body.albumId);
  await requireRoom(tx, userId);
  const seed = randomBytes(32);
  const row = await tx.shareLink.create({
    data: {
      id: newId(),
      userId,
      tokenHash: shareSigning.tokenHash(shareSigning.tokenOf(seed)),
      photoId: body.photoId ?? null,
      albumId: body.albumId ?? null,
      title: body.title ?? null,
      ownerName: kept.ownerName ?? null,
      passwordHash: kept.passwordHash,
      allowDownload: body.allowDownload,
      showLocation: body.showLocation,
      expiresAt,
      createdAt: at,
      updatedAt: at,
    },
  });
  return { link: shareLinkOf(row), seed: seed.toString('base64url') };
}

export async function listShareLinks(
  { db }: CatalogContext,
  userId: string,
  limit: number,
  cursor: string | undefined,
) {
  const { query, pageOf } = newestFirst(userId, limit, cursor);
  const { rows, ...page } = pageOf(await db.shareLink.findMany(query));
  return { shareLinks: rows.map(shareLinkOf), ...page };
}

/** @throws ProblemError `not_found` */
export async function getShareLink({ db }: CatalogContext, userId: string, id: string): Promise<ShareLink> {
  const row = await db.shareLink.findFirst({ where: { id, userId } });
  if (!row) throw notFound('share link');
  return shareLinkOf(row);
}

/** @throws ProblemError `not_found`, `invalid_request` */
export async function updateShareLink(
  { db, now, passwords }: CatalogContext,
  userId: string,
  id: string,
  { password, title, allowDownload, showLocation, ...patch }: ShareLinkPatch,
): Promise<ShareLink> {
  const at = now();
  const expiresAt = expiryOf(patch.expiresAt, at);
  const passwordHash = password ? await passwords.hash(password) : null;
  const [row] = await db.shareLink.updateManyAndReturn({
    where: { id, userId },
    data: {
      ...(title === undefined ? {} : { title }),
      ...(patch.expiresAt === undefined ? {} : { expiresAt }),
      ...(allowDownload === undefined ? {} : { allowDownload }),
      ...(showLocation === undefined ? {} : { showLocation }),
      ...(password === undefined ? {} : { passwordHash, passwordVersion: { increment: 1 } }),
      updatedAt: at,
    },
  });
  if (!row) throw notFound('share link');
  return shareLinkOf(row);
}

/** @throws ProblemError `not_found` */
export async function deleteShareLink({ db }: CatalogContext, userId: string, id: string): Promise<void> {
  const { count } = await db.shareLink.deleteMany({ where: { id, userId } });
  if (count === 0) throw notFound('share link');
}
