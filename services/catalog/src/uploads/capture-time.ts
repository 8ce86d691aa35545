import {
  type AnnouncedDateSource,
  type CapturedAtSource,
  dateOfFile,
  type EventPayload,
  isBetterSource,
  storableDate,
} from '@lazyphotos/contracts';
import type { PhotoRow } from '../prisma.js';

type Upload = EventPayload<'upload.completed'>;

interface CaptureTime {
  capturedAt: Date | null;
  capturedAtSource: CapturedAtSource | null;
}

/** The fields of a capture time that is not from the file itself; no zone comes with it. */
export const announcedTime = (capturedAt: Date, capturedAtSource: AnnouncedDateSource) =>
  ({ capturedAt, capturedAtSource, capturedAtOffset: null, sortAt: capturedAt }) satisfies Partial<PhotoRow>;

/**
 * When a photo was taken, as far as can be told without looking into the file: what the client says, unless that is less believable than
 * a date in the name; else what the name and the modification time say. A date that the media worker finds in the file takes its place later,
 * unless it is less believable.
 */
export function announcedCaptureTime(upload: Upload): CaptureTime {
  const announced = storableDate(upload.capturedAt);
  const source = upload.capturedAtSource ?? 'client';
  const asAnnounced = { capturedAt: announced ?? null, capturedAtSource: announced ? source : null };
  if (announced && !isBetterSource('fileName', source)) return asAnnounced;
  const { fileName, hash, uploadedAt } = upload;
  const isModificationTime = source === 'fileModified';
  const found = dateOfFile({
    // A file that was announced without a name is called by the start of its hash.
    name: hash.startsWith(fileName) ? undefined : fileName,
    modifiedAt: isModificationTime ? announced : undefined,
    now: new Date(uploadedAt),
  });
  if (found) return { capturedAt: found.date, capturedAtSource: found.source };
  // A modification time that is not plausible is none.
  return isModificationTime ? { capturedAt: null, capturedAtSource: null } : asAnnounced;
}
