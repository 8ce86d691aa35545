import { hasFreeSpace, type ObjectStore } from '@lazyphotos/object-storage';
import type { Import } from '../generated/prisma/client.js';
import type { UploadDb } from '../prisma.js';

/** The store has no room for an import; it goes on when there is some. */
export class NoRoomError extends Error {
  readonly code = 'storage_full';
  constructor(message: string) {
    super(message);
    this.name = 'NoRoomError';
  }
}

export interface Space {
  /** @throws NoRoomError when the photos that are still to be imported will not fit, as far as can be told */
  checkAll(job: Import): Promise<void>;
  /** @throws NoRoomError when `bytes` more would use the reserve */
  check(bytes: number): Promise<void>;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** How much room an import finds. A store that does not tell is only known to be full when it refuses to write. */
export function createSpace(db: UploadDb, store: ObjectStore, reserveBytes: number): Space {
  const check = async (bytes: number): Promise<void> => {
    if (!hasFreeSpace(store)) return;
    const free = await store.freeBytes();
    if (free - bytes >= reserveBytes) return;
    throw new NoRoomError(
      `The import needs about ${gigabytes(bytes)}; the store has ${gigabytes(free)} free, and ${gigabytes(reserveBytes)} are kept free.`,
    );
  };

  /**
   * The size of the photos that are not here yet: equal files count once, and one whose size a stored original has is most likely
   * that original. Videos are not stored.
   */
  const bytesToCome = async ({ id, userId }: Import): Promise<number> => {
    const [row] = await db.$queryRaw<{ bytes: bigint }[]>`
      SELECT coalesce(sum(size_bytes), 0)::bigint AS bytes FROM (
        SELECT DISTINCT e.size_bytes, e.crc32 FROM import_entries e
        WHERE e.import_id = ${id}::uuid AND e.outcome = 'waiting' AND e.role = 'media' AND e.photo_id IS NULL
          AND e.name !~* '\\.(mp4|mov|m4v|3gp|avi|mts|m2ts|mpe?g|wmv|mkv|webm|mp)(~\\d)?$'
          AND NOT EXISTS (
            SELECT 1 FROM originals o
            WHERE o.user_id = ${userId}::uuid AND o.size_bytes = e.size_bytes AND o.purged_at IS NULL)
      ) AS files`;
    return Number(row?.bytes ?? 0);
  };

  return {
    check,
    checkAll: async (job) => {
      if (!job.ignoresEstimate) await check(await bytesToCome(job));
    },
  };
}
