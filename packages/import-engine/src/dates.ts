import { dateOfFile, isPlausibleCaptureTime } from '@lazyphotos/contracts';
import type { AnnouncedDate, DateClues } from './types.js';

/**
 * Returns when a photo was taken, without reading the file, and the source: the sidecar, else the name of the file, else the year of its
 * folder, else its modification time. Undefined when none is plausible; the time of the import is never used.
 */
export function dateOf({ facts, fileName, folder, modifiedAt, now }: DateClues): AnnouncedDate | undefined {
  const takenAt = facts?.takenAt === undefined ? undefined : new Date(facts.takenAt);
  if (takenAt && isPlausibleCaptureTime(takenAt, now)) return announced(takenAt, 'sidecar');

  const byFile = dateOfFile({ name: fileName, modifiedAt, now });
  if (byFile?.source === 'fileName') return announced(byFile.date, 'fileName');

  if (folder.kind === 'year') {
    const start = new Date(Date.UTC(folder.year, 0, 1));
    if (isPlausibleCaptureTime(start, now)) return announced(start, 'folderYear');
  }
  return byFile && announced(byFile.date, byFile.source);
}

const announced = (date: Date, source: AnnouncedDate['source']): AnnouncedDate => ({
  capturedAt: date.toISOString(),
  source,
});
