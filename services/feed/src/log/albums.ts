import type { EventPayload } from '@lazyphotos/contracts';
import type { Prisma } from '../generated/prisma/client.js';
import type { FeedDb, FeedTx } from '../prisma.js';
import { append, appendIfNewer, currentEntry, lockHead } from './append.js';

type AlbumChanged = EventPayload<'album.changed'>;

/**
 * Records who came, who went and who stands where with this version; where a newer version has told the same of a pair, that
 * stays. Returns how many pairs changed. Grouped, since PostgreSQL refuses to write a row twice in one statement: a photo that
 * is named twice must not make the event a dead letter.
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
 * Writes what happens to albums into their owners' logs. Events may come in any order: an older one may still say who came
 * into the album, so its items are applied even when the album's own newer state is kept, and the entry moves to the end.
 */
export function createAlbumLog(db: FeedDb) {
  const changed = (change: AlbumChanged): Promise<void> =>
    db.$transaction(async (tx) => {
      const { album } = change;
      const key = { userId: album.userId, entity: 'album' as const, entityId: album.id };
      await lockHead(tx, album.userId);
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

  const deleted = ({ albumId, userId, version, deletedAt }: EventPayload<'album.deleted'>): Promise<void> =>
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

  return { changed, deleted };
}
