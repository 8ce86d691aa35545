import { type MediaUrlFor, type Photo, photoView } from '@lazyphotos/contracts';
import { placesForRequest } from '@lazyphotos/service-kit';
import type { PhotoRow } from '../prisma.js';
import { purgeTime } from '../trash/retention.js';
import { photoRecordOf } from './record.js';

/** Returns photos of one user as their owner sees them: with signed URLs, and in the trash with the time of the purge. */
export type ViewPhotos = (userId: string, rows: readonly PhotoRow[]) => Promise<Photo[]>;

export interface ViewPhotosDeps {
  mediaUrl: MediaUrlFor;
  /** How long photos stay in the trash of this user. */
  trashDaysOf: (userId: string) => Promise<number>;
}

export function createViewPhotos({ mediaUrl, trashDaysOf }: ViewPhotosDeps): ViewPhotos {
  return async (userId, rows) => {
    const isTrashShown = rows.some((row) => row.isDeleted);
    const days = isTrashShown ? await trashDaysOf(userId) : 0;
    const purgeAt = ({ deletedAt }: PhotoRow) =>
      deletedAt ? { purgeAt: purgeTime(deletedAt, days).toISOString() } : {};
    const localPlace = placesForRequest();
    return rows.map((row) => photoView({ ...photoRecordOf(row), ...purgeAt(row) }, mediaUrl, localPlace));
  };
}
