import type { EventPayload } from '@lazyphotos/contracts';
import type { Prisma } from '../generated/prisma/client.js';
import type { FeedDb, FeedTx } from '../prisma.js';
import { append, appendIfNewer, currentEntry, lockHead } from './append.js';

/**
 * Records who came and went with this version; a pair on which a newer version has spoken stays. Answers how many changed.
 * Grouped, since PostgreSQL refuses to write a row twice in one statement: a photo that is named twice must not make the
 * event a dead letter.
 */
function applyItems(
  tx: FeedTx,
  albumId: string,
  version: number,
  added: string[],
  removed: string[],
): Promise<number> {
  return tx.$executeRaw`
    INSERT INTO feed_album_items (album_id, photo_id, version, present)
    SELECT ${albumId}::uuid, photo_id, ${version}, bool_and(present) FROM (
      SELECT unnest(${added}::uuid[]) AS photo_id, true AS present
      UNION ALL SELECT unnest(${removed}::uuid[]), false
    ) AS changes GROUP BY photo_id
    ON CONFLICT (album_id, photo_id) DO UPDATE SET version = excluded.version, present = excluded.present
    WHERE feed_album_items.version < excluded.version`;
}

/**
 * Writes what happens to albums into their owners' logs. Events may come in any order: an older one may still say who came
 * into the album, so its items are applied even when the album's own newer state is kept, and the entry moves to the end.
 */
export function createAlbumLog(db: FeedDb) {
  const changed = ({ album, added, removed }: EventPayload<'album.changed'>): Promise<void> =>
    db.$transaction(async (tx) => {
      const key = { userId: album.userId, entity: 'album' as const, entityId: album.id };
      await lockHead(tx, album.userId);
      const known = await currentEntry(tx, key);
      if (known?.deleted) return;
      const items = await applyItems(tx, album.id, album.version, added, removed);
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
