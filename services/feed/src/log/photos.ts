import type { EventPayload } from '@lazyphotos/contracts';
import type { FeedDb } from '../prisma.js';
import { appendIfNewer } from './append.js';

/** Writes what happens to photos into their owners' logs. */
export function createPhotoLog(db: FeedDb) {
  const buried = (payload: EventPayload<'photo.trashed'>, permanent: boolean): Promise<void> => {
    const { photoId, userId, version, deletedAt } = payload;
    return db.$transaction((tx) =>
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
  };
  return {
    changed: ({ photo }: EventPayload<'photo.changed'>): Promise<void> =>
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
      ),
    trashed: (payload: EventPayload<'photo.trashed'>) => buried(payload, false),
    purged: (payload: EventPayload<'photo.purged'>) => buried(payload, true),
  };
}
