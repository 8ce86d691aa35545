import {
  type CapturedAtSource,
  capturedAtSources,
  dateFromFileName,
  type EventPayload,
  isPlausibleCaptureTime,
} from '@lazyphotos/contracts';
import { storableDate } from '../dates.js';

type Upload = EventPayload<'upload.completed'>;

interface CaptureTime {
  capturedAt: Date | null;
  capturedAtSource: CapturedAtSource | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * When a photo was taken, as far as can be told without looking into the file: the first of `capturedAtSources` that has a
 * date. A date that the media worker finds in the file takes its place later.
 */
export function announcedCaptureTime(upload: Upload): CaptureTime {
  const dates: Partial<Record<CapturedAtSource, Date | undefined>> = {
    fileName: dateInName(upload),
    ...announced(upload),
  };
  for (const source of capturedAtSources) {
    const capturedAt = dates[source];
    if (capturedAt) return { capturedAt, capturedAtSource: source };
  }
  return { capturedAt: null, capturedAtSource: null };
}

function dateInName({ fileName, hash, uploadedAt }: Upload): Date | undefined {
  // A file that was announced without a name is called by the start of its hash.
  return hash.startsWith(fileName) ? undefined : dateFromFileName(fileName, new Date(uploadedAt));
}

function announced(upload: Upload): Partial<Record<CapturedAtSource, Date>> {
  const date = storableDate(upload.capturedAt);
  const source = upload.capturedAtSource ?? 'client';
  if (!date || (source === 'fileModified' && !isPlausibleModification(date, upload))) return {};
  return { [source]: date };
}

/** Archives and disks that keep no times give files a time in the future or the first of 1970. */
function isPlausibleModification(date: Date, { uploadedAt }: Upload): boolean {
  const firstOf1970 = date.getTime() >= 0 && date.getTime() < DAY_MS;
  return !firstOf1970 && isPlausibleCaptureTime(date, new Date(uploadedAt));
}
