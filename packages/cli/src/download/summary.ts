import type { ErrorReport } from '../errors.js';
import { count, formatBytes, formatSeconds } from '../format.js';

/** The document of `download --json`. */
export interface DownloadSummary {
  folder: string;
  server: string;
  photos: number;
  downloaded: number;
  existing: number;
  failed: number;
  left: number;
  interrupted: boolean;
  downloadedBytes: number;
  seconds: number;
  failures: (ErrorReport & { id: string; fileName: string })[];
  stoppedBy: ErrorReport | null;
}

const MAX_LISTED = 50;

export function downloadLines(summary: DownloadSummary): string[] {
  const { downloaded, downloadedBytes, existing, seconds, failures } = summary;
  const lines = [
    `Downloaded ${count(downloaded, 'photo')} (${formatBytes(downloadedBytes)}) in ${formatSeconds(seconds)}.`,
  ];
  if (existing > 0) lines.push(`  ${existing} there already`);
  if (failures.length > 0) lines.push(`${count(failures.length, 'photo')} failed:`);
  for (const { fileName, message } of failures.slice(0, MAX_LISTED)) lines.push(`  ${fileName}: ${message}`);
  if (failures.length > MAX_LISTED)
    lines.push(`  and ${failures.length - MAX_LISTED} more (--json lists all)`);
  return lines;
}

export const downloadInterruptedLine = ({ downloaded, existing, left }: DownloadSummary): string =>
  `Interrupted: ${downloaded} downloaded, ${existing} there already, ${left} left. The same command continues.`;
