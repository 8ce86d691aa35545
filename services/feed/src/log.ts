import type { EventPayload } from '@lazyphotos/contracts';
import type { Prisma } from './generated/prisma/client.js';
import type { FeedDb, FeedTx } from './prisma.js';

type AlbumChanged = EventPayload<'album.changed'>;

interface Change {
  userId: string;
  entity: 'photo' | 'album';
  entityId: string;
  version: number;
  deleted: boolean;
  data: Prisma.InputJsonObject;
  updatedAt: Date;
}

export const recordPhoto = (db: FeedDb, { photo }: EventPayload<'photo.changed'>): Promise<void> =>
  db.$transaction((tx) =>
    appendIfNewer(tx, {
      userId: photo.userId,
      entity: 'photo',
      entityId: photo.id,
      version: photo.version,
      deleted: false,
      data: photo,
      updatedAt: new Date(photo.updatedAt),
    }),
  );

/** `permanent`: the photo was purged. */
export const recordPhotoTombstone = (
  db: FeedDb,
  { photoId, userId, version, deletedAt }: EventPayload<'photo.trashed'>,
  permanent: boolean,
): Promise<void> =>
  db.$transaction((tx) =>
    appendIfNewer(tx, {
      userId,
      entity: 'photo',
      entityId: photoId,
      version,
      deleted: true,
      data: { entity: 'photo', id: photoId, deletedAt, permanent },
      updatedAt: new Date(deletedAt),
    }),
  );

/**
 * Events may come in any order: an older one may still add photos to the album, so its items are applied even when the album's own newer
 * state is kept, and the entry moves to the end.
 */
export const recordAlbum = (db: FeedDb, change: AlbumChanged): Promise<void> =>
  db.$transaction(async (tx) => {
    const { album } = change;
    const key = { userId: album.userId, entity: 'album' as const, entityId: album.id };
    await lockLog(tx, album.userId);
    const known = await currentEntry(tx, key);
    if (known?.deleted) return;
    const items = await applyItems(tx, change);
    const newer = !known || known.version < album.version;
    if (!newer && items === 0) return;
    const state = newer
      ? { version: album.version, data: album, updatedAt: new Date(album.updatedAt) }
      : { version: known.version, data: known.data as Prisma.InputJsonObject, updatedAt: known.updatedAt };
    await append(tx, { ...key, deleted: false, ...state });
  });

export const recordAlbumTombstone = (
  db: FeedDb,
  { albumId, userId, version, deletedAt }: EventPayload<'album.deleted'>,
): Promise<void> =>
  db.$transaction(async (tx) => {
    await appendIfNewer(tx, {
      userId,
      entity: 'album',
      entityId: albumId,
      version,
      deleted: true,
      data: { entity: 'album', id: albumId, deletedAt, permanent: true },
      updatedAt: new Date(deletedAt),
    });
    await tx.feedAlbumItem.deleteMany({ where: { albumId } });
  });

/**
 * Stores which photos this version adds, removes and places; what a newer version has stored for the same pair stays. Returns how many
 * pairs changed. Grouped, because PostgreSQL refuses to write a row twice in one statement: a photo that is named twice must not make
 * the event a dead letter.
 */
function applyItems(tx: FeedTx, { album, added, removed, positions = {} }: AlbumChanged): Promise<number> {
  const placed = Object.entries(positions);
  return tx.$executeRaw`
    INSERT INTO feed_album_items AS known (album_id, photo_id, version, present, position_version, position)
    SELECT ${album.id}::uuid, photo_id,
      CASE WHEN bool_and(present) IS NULL THEN 0 ELSE ${album.version} END, COALESCE(bool_and(present), false),
      CASE WHEN max(position) IS NULL THEN 0 ELSE ${album.version} END, max(position)
    FROM (
      SELECT unnest(${added}::uuid[]) AS photo_id, true AS present, NULL AS position
      UNION ALL SELECT unnest(${removed}::uuid[]), false, NULL
      UNION ALL SELECT unnest(${placed.map(([photoId]) => photoId)}::uuid[]), NULL,
        unnest(${placed.map(([, position]) => position)}::text[])
    ) AS changes GROUP BY photo_id
    ON CONFLICT (album_id, photo_id) DO UPDATE SET
      present = CASE WHEN known.version < excluded.version THEN excluded.present ELSE known.present END,
      version = GREATEST(known.version, excluded.version),
      position = CASE WHEN known.position_version < excluded.position_version
        THEN excluded.position ELSE known.position END,
      position_version = GREATEST(known.position_version, excluded.position_version)
    WHERE known.version < excluded.version OR known.position_version < excluded.position_version`;
}

/**
 * Locks the user's log for other writers until the transaction ends, so that numbers become visible in the order in which they are
 * given: no reader can pass one that commits later.
 */
async function lockLog(tx: FeedTx, userId: string): Promise<void> {
  await tx.$executeRaw`INSERT INTO feed_heads (user_id, last_seq) VALUES (${userId}::uuid, 0) ON CONFLICT DO NOTHING`;
  await tx.$queryRaw`SELECT last_seq FROM feed_heads WHERE user_id = ${userId}::uuid FOR UPDATE`;
}

const currentEntry = (
  tx: FeedTx,
  { userId, entity, entityId }: Pick<Change, 'userId' | 'entity' | 'entityId'>,
) => tx.feedEntry.findUnique({ where: { userId_entity_entityId: { userId, entity, entityId } } });

/** Moves an entity to the end of the log in this state. The caller has locked the log and compared versions. */
async function append(tx: FeedTx, change: Change): Promise<void> {
  const { userId, entity, entityId, version, deleted, data, updatedAt } = change;
  const { lastSeq: seq } = await tx.feedHead.update({
    where: { userId },
    data: { lastSeq: { increment: 1 } },
  });
  const state = { seq, version, deleted, data, updatedAt };
  await tx.feedEntry.upsert({
    where: { userId_entity_entityId: { userId, entity, entityId } },
    create: { userId, entity, entityId, ...state },
    update: state,
  });
}

/** Appends a change unless the log has the same version or a newer one. */
async function appendIfNewer(tx: FeedTx, change: Change): Promise<void> {
  await lockLog(tx, change.userId);
  const known = await currentEntry(tx, change);
  if (!known || known.version < change.version) await append(tx, change);
}
