import { hasFreeSpace } from '@lazyphotos/object-storage';
import type { UploadContext } from '../context.js';
import type { Import } from '../generated/prisma/client.js';

/** The store has no space for an import; it continues when there is some. */
export class NoRoomError extends Error {
  readonly code = 'storage_full';
  override readonly name = 'NoRoomError';
}

/** @throws NoRoomError when the photos that are still to be imported will not fit, as far as it is known */
export async function checkSpaceForAll(context: UploadContext, job: Import): Promise<void> {
  if (!job.ignoresEstimate) await checkSpace(context, await bytesToCome(context, job));
}

/** A store that does not know its free space only shows that it is full when it refuses to write. @throws NoRoomError when `bytes` more would use the reserve */
export async function checkSpace({ store, settings }: UploadContext, bytes: number): Promise<void> {
  if (!hasFreeSpace(store)) return;
  const { free } = await store.diskSpace();
  const reserve = settings.importReserveBytes;
  if (free - bytes >= reserve) return;
  throw new NoRoomError(
    `The import needs about ${gigabytes(bytes)}; the store has ${gigabytes(free)} free, and ${gigabytes(reserve)} are kept free.`,
  );
}

/**
 * Resolves to the size of the photos that are not stored yet: equal files count once, and a file that has the size of a stored original
 * is most likely that original. Videos are not stored.
 */
async function bytesToCome({ db }: UploadContext, { id, userId }: Import): Promise<number> {
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
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
