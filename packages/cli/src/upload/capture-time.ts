import { type AnnouncedDateSource, dateFromFileName, isPlausibleCaptureTime } from '@lazyphotos/contracts';

export interface AnnouncedTime {
  capturedAt: string;
  capturedAtSource: AnnouncedDateSource;
}

/**
 * Times that stand for "unknown": the zero of Unix, of FAT and of old Macs. Programs write them in local time, so a day to
 * either side means the same.
 */
const ZERO_TIMES = [Date.UTC(1970, 0, 1), Date.UTC(1980, 0, 1), Date.UTC(1904, 0, 1)];
const DAY_MS = 24 * 60 * 60 * 1000;

function isModificationTime(date: Date, now: Date): boolean {
  return (
    isPlausibleCaptureTime(date, now) &&
    date <= now &&
    ZERO_TIMES.every((zero) => Math.abs(date.getTime() - zero) > DAY_MS)
  );
}

/**
 * When a photo was taken as far as the file's name or its modification time tell. The node uses it for photos that carry no
 * date inside. Returns undefined when neither is believable.
 */
export function announcedTime(fileName: string, mtimeNs: bigint, now: Date): AnnouncedTime | undefined {
  const named = dateFromFileName(fileName, now);
  if (named !== undefined) return { capturedAt: named.toISOString(), capturedAtSource: 'fileName' };
  const modified = new Date(Number(mtimeNs / 1_000_000n));
  if (!isModificationTime(modified, now)) return undefined;
  return { capturedAt: modified.toISOString(), capturedAtSource: 'fileModified' };
}
