import { type CapturedAtSource, dateOfFile, type EventPayload } from '@lazyphotos/contracts';
import { storableDate } from '../dates.js';

type Upload = EventPayload<'upload.completed'>;

interface CaptureTime {
  capturedAt: Date | null;
  capturedAtSource: CapturedAtSource | null;
}

/**
 * When a photo was taken, as far as can be told without looking into the file: what the client says, else what its name and its
 * modification time say. A date that the media worker finds in the file takes its place later.
 */
export function announcedCaptureTime(upload: Upload): CaptureTime {
  const announced = storableDate(upload.capturedAt) ?? undefined;
  const source = upload.capturedAtSource ?? 'client';
  if (announced && source !== 'fileModified') return { capturedAt: announced, capturedAtSource: source };
  const { fileName, hash, uploadedAt } = upload;
  const found = dateOfFile({
    // A file that was announced without a name is called by the start of its hash.
    name: hash.startsWith(fileName) ? undefined : fileName,
    modifiedAt: announced,
    now: new Date(uploadedAt),
  });
  return { capturedAt: found?.date ?? null, capturedAtSource: found?.source ?? null };
}
