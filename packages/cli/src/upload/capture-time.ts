import { type AnnouncedDateSource, dateOfFile } from '@lazyphotos/contracts';

export interface AnnouncedTime {
  capturedAt: string;
  capturedAtSource: AnnouncedDateSource;
}

/**
 * When a photo was taken as far as the file's name or its modification time tell. The node uses it for photos that carry no
 * date inside. Returns undefined when neither is plausible.
 */
export function announcedTime(fileName: string, mtimeNs: bigint, now: Date): AnnouncedTime | undefined {
  const modifiedAt = new Date(Number(mtimeNs / 1_000_000n));
  const found = dateOfFile({ name: fileName, modifiedAt, now });
  return found && { capturedAt: found.date.toISOString(), capturedAtSource: found.source };
}
