import type { EventPayload } from '@lazyphotos/contracts';
import type { Emit, UnitOfWork } from '@lazyphotos/database';
import { storableDate } from '../dates.js';
import { lockPhoto, lockPhotoRow } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import type { CatalogTx, PhotoRow } from '../prisma.js';
import { isInFeed } from '../visibility.js';

type Result = EventPayload<'media.processed'>;

/** Writes a processing result into a photo's row. What the file itself says goes before what the client announced. */
export function applyResult(tx: CatalogTx, row: PhotoRow, result: Result, now: Date): Promise<PhotoRow> {
  const found = storableDate(result.capturedAt);
  // A run that finds no date leaves the one that was announced, or that an earlier run found.
  const capturedAt = found ?? row.capturedAt;
  const located = result.locationLat !== undefined && result.locationLon !== undefined;
  return tx.photo.update({
    where: { id: row.id },
    data: {
      capturedAt,
      capturedAtSource: found ? (result.capturedAtSource ?? null) : row.capturedAtSource,
      sortAt: capturedAt ?? row.uploadedAt,
      width: result.width ?? row.width,
      height: result.height ?? row.height,
      ...(located
        ? { locationLat: result.locationLat ?? null, locationLon: result.locationLon ?? null }
        : {}),
      cameraMake: result.cameraMake ?? null,
      cameraModel: result.cameraModel ?? null,
      lensModel: result.lensModel ?? null,
      fNumber: result.fNumber ?? null,
      exposureTime: result.exposureTime ?? null,
      iso: result.iso ?? null,
      focalLength: result.focalLength ?? null,
      orientation: result.orientation ?? null,
      processing: result.outcome,
      failureCode: result.failure?.code ?? null,
      failureReason: result.failure?.reason ?? null,
      placeholder: result.placeholder ?? null,
      mediaRun: result.run,
      version: { increment: 1 },
      updatedAt: now,
    },
  });
}

/** Keeps the newest result of a photo that has not arrived yet. */
async function keepForLater(tx: CatalogTx, result: Result): Promise<void> {
  const { photoId, run } = result;
  const kept = await tx.earlyMedia.findUnique({ where: { photoId } });
  if (kept && kept.run >= run) return;
  await tx.earlyMedia.upsert({
    where: { photoId },
    create: { photoId, run, payload: result },
    update: { run, payload: result },
  });
}

/** Applies what the media worker found; results that were overtaken, repeated or are of a purged photo are dropped. */
export function createApplyMedia(unitOfWork: UnitOfWork<CatalogTx>, now: () => Date) {
  return (result: Result): Promise<void> =>
    unitOfWork.transaction(async (tx: CatalogTx, emit: Emit) => {
      await lockPhoto(tx, result.photoId);
      await lockPhotoRow(tx, result.photoId);
      const row = await tx.photo.findUnique({ where: { id: result.photoId } });
      if (!row) {
        const purged = await tx.purgedPhoto.count({ where: { id: result.photoId } });
        if (purged === 0) await keepForLater(tx, result);
        return;
      }
      if (row.mediaRun >= result.run) return;
      const updated = await applyResult(tx, row, result, now());
      // A photo in the trash is a tombstone in the feed; what was found out shows when it comes back.
      if (isInFeed(updated)) emit('photo.changed', { photo: photoRecordOf(updated) });
    });
}
