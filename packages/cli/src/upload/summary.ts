import { type ErrorReport, reportOf } from '../errors.js';
import { count, formatBytes, formatSeconds } from '../format.js';
import { type LocalPath, readablePath } from '../local-path.js';
import { type LeftOutSummary, leftOutLines } from './left-out.js';
import type { FileOutcome } from './upload-file.js';

export interface FailedFile extends ErrorReport {
  path: string;
}

/** The document of `upload --json`. */
export interface UploadSummary extends Record<UploadCount, number>, LeftOutSummary {
  folder: string;
  server: string;
  /** Photos that were not tried, because the run ended before. */
  left: number;
  interrupted: boolean;
  /** Bytes of the photos counted as uploaded. */
  uploadedBytes: number;
  seconds: number;
  failures: FailedFile[];
  /** Why the run ended before all photos were tried. */
  stoppedBy: ErrorReport | null;
}

type UploadCount =
  | 'photos'
  | 'uploaded'
  | 'existing'
  | 'duplicates'
  | 'restored'
  | 'inTrash'
  | 'deleted'
  | 'failed';

export interface Tally {
  add(outcome: FileOutcome, sizeBytes: number): void;
  fail(path: LocalPath, error: unknown): void;
  readonly counts: Record<FileOutcome, number>;
  readonly uploadedBytes: number;
  readonly failures: FailedFile[];
}

export function createTally(): Tally {
  const counts = { uploaded: 0, existing: 0, duplicate: 0, restored: 0, inTrash: 0, deleted: 0 };
  const failures: FailedFile[] = [];
  let uploadedBytes = 0;
  return {
    counts,
    failures,
    get uploadedBytes() {
      return uploadedBytes;
    },
    add: (outcome, sizeBytes) => {
      counts[outcome] += 1;
      if (outcome === 'uploaded') uploadedBytes += sizeBytes;
    },
    fail: (path, error) => void failures.push({ path: readablePath(path), ...reportOf(error) }),
  };
}

const MAX_LISTED = 50;

export function summaryLines(summary: UploadSummary): string[] {
  const { uploaded, uploadedBytes, seconds, failures } = summary;
  const lines = [
    `Uploaded ${count(uploaded, 'photo')} (${formatBytes(uploadedBytes)}) in ${formatSeconds(seconds)}.`,
  ];
  const also: [number, string][] = [
    [summary.existing, 'there already'],
    [summary.duplicates, 'the same as another file here'],
    [summary.restored, 'brought back'],
    [summary.inTrash, 'in the trash (--restore brings them back)'],
    [summary.deleted, 'deleted earlier (--restore uploads them again)'],
  ];
  for (const [number, what] of also) if (number > 0) lines.push(`  ${number} ${what}`);
  lines.push(...leftOutLines(summary));
  if (failures.length > 0) lines.push(`${count(failures.length, 'file')} failed:`);
  for (const { path, message } of failures.slice(0, MAX_LISTED)) lines.push(`  ${path}: ${message}`);
  if (failures.length > MAX_LISTED)
    lines.push(`  and ${failures.length - MAX_LISTED} more (--json lists all)`);
  return lines;
}

/** The one line after Ctrl-C. */
export const interruptedLine = ({ uploaded, existing, left }: UploadSummary): string =>
  `Interrupted: ${uploaded} uploaded, ${existing} there already, ${left} left. The same command continues.`;
