import {
  type CapturedAtSource,
  dateOfFile,
  type EventPayload,
  isBetterSource,
  storableDate,
} from '@lazyphotos/contracts';
import type { CatalogContext } from '../context.js';
import { withResult } from '../media/apply.js';
import { lockPhoto } from '../photos/lock.js';
import { photoRecordOf } from '../photos/record.js';
import { savePhotos } from '../photos/save.js';
import { searchWordsOf } from '../search/vector.js';
import { storableDegrees } from '../values.js';

type Upload = EventPayload<'upload.completed'>;

interface CaptureTime {
  capturedAt: Date | null;
  capturedAtSource: CapturedAtSource | null;
}

/**
 * Returns when a photo was taken, without a look into the file: what the client says, unless a date in the name is more believable; else
 * what the name and the modification time say. A date that the media worker finds in the file replaces it later, unless it is less
 * believable.
 */
function announcedCaptureTime(upload: Upload): CaptureTime {
  const announced = storableDate(upload.capturedAt);
  const source = upload.capturedAtSource ?? 'client';
  const asAnnounced = { capturedAt: announced ?? null, capturedAtSource: announced ? source : null };
  if (announced && !isBetterSource('fileName', source)) return asAnnounced;
  const { fileName, hash, uploadedAt } = upload;
  const isModificationTime = source === 'fileModified';
  const found = dateOfFile({
    // A file that was announced without a name is named after the start of its hash.
    name: hash.startsWith(fileName) ? undefined : fileName,
    modifiedAt: isModificationTime ? announced : undefined,
    now: new Date(uploadedAt),
  });
  if (found) return { capturedAt: found.date, capturedAtSource: found.source };
  // A modification time that is not plausible is ignored.
  return isModificationTime ? { capturedAt: null, capturedAtSource: null } : asAnnounced;
}

/**
 * Makes an upload a photo, once: called by the upload service for read-your-writes, and by the event of the same upload.
 * A result of the media worker that came first is applied at once.
 */
export const recordUpload = ({ unitOfWork }: CatalogContext, upload: Upload): Promise<void> =>
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
