import type { EventPayload } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import { storableDegrees } from '../coordinates.js';
import { withResult } from '../media/apply.js';
import { lockPhoto } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import { savePhotos } from '../photos/save.js';
import type { CatalogTx } from '../prisma.js';
import { searchWordsOf } from '../search/vector.js';
import { announcedCaptureTime } from './capture-time.js';

/**
 * Makes an upload a photo, once: called by the upload service for read-your-writes, and by the event of the same upload.
 * A result of the media worker that came first is applied at once.
 */
export function createRecordUpload(unitOfWork: UnitOfWork<CatalogTx>) {
  return (upload: EventPayload<'upload.completed'>): Promise<void> =>
    unitOfWork.transaction(async (tx, emit) => {
      const id = upload.photoId;
      await lockPhoto(tx, id);
      const { capturedAt, capturedAtSource } = announcedCaptureTime(upload);
      const uploadedAt = new Date(upload.uploadedAt);
      const [row] = await tx.photo.createManyAndReturn({
        data: {
          id,
          userId: upload.userId,
          hash: upload.hash,
          storageKey: upload.storageKey,
          fileName: upload.fileName,
          sizeBytes: BigInt(upload.sizeBytes),
          mimeType: upload.mimeType,
          capturedAt,
          capturedAtSource,
          sidecarDate: capturedAtSource === 'sidecar' ? capturedAt : null,
          uploadedAt,
          updatedAt: uploadedAt,
          sortAt: capturedAt ?? uploadedAt,
          width: upload.width ?? null,
          height: upload.height ?? null,
          locationLat: upload.locationLat === undefined ? null : storableDegrees(upload.locationLat),
          locationLon: upload.locationLon === undefined ? null : storableDegrees(upload.locationLon),
          searchWords: searchWordsOf({ fileName: upload.fileName }),
        },
        skipDuplicates: true,
      });
      if (!row) return;
      // Asked after the insert, which has waited for a purge that was just removing the same row.
      const purged = await tx.purgedPhoto.count({ where: { id } });
      if (purged > 0) {
        await tx.photo.delete({ where: { id } });
        return;
      }
      const early = await tx.earlyMedia.findUnique({ where: { photoId: id } });
      if (early) await tx.earlyMedia.delete({ where: { photoId: id } });
      const result = early?.payload as EventPayload<'media.processed'> | undefined;
      const photo = result ? withResult(row, result, uploadedAt) : row;
      if (result) await savePhotos(tx, [photo]);
      emit('photo.changed', { photo: photoRecordOf(photo) });
    });
}
