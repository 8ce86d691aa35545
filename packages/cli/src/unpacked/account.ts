import { lstat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type PhotoLifeState, type ReportEntry, reportEntry } from '@lazyphotos/contracts';
import { stringify } from 'csv-stringify';
import type { ErrorReport } from '../errors.js';
import { saveNewFile } from '../import/new-file.js';
import { type LocalPath, readableName, readablePath } from '../local-path.js';
import type { Announcement, FileOutcome, UploadedFile } from '../upload/upload-file.js';
import type { ExportedPhoto, UnpackedPlan } from './plan.js';

export type Outcome = 'imported' | 'duplicate' | 'failed' | 'unsupported' | 'sidecar' | 'ignored' | 'left';

/** The outcome of one file. The names are those of the report of the node. */
export interface AccountEntry {
  path: string;
  /** The file itself, whose name may not be text. */
  file: LocalPath;
  outcome: Outcome;
  code?: string | undefined;
  message?: string | undefined;
  photoId?: string | undefined;
  /** The state in which a duplicate was found. */
  photoState?: PhotoLifeState | undefined;
  sidecar?: string | undefined;
  sidecarRule?: string | undefined;
  partOf?: string | undefined;
  albums: string[];
  /** The announced date. */
  capturedAt?: string | undefined;
  /** `pending` if the file itself may contain a better date: the command does not read it. */
  dateSource?: ReportEntry['dateSource'];
}

type Settled = Pick<AccountEntry, 'outcome' | 'code' | 'message' | 'photoId' | 'photoState'>;

export const isNew = (outcome: FileOutcome): boolean => outcome === 'uploaded' || outcome === 'restored';

const CODES: Partial<Record<FileOutcome, string>> = {
  existing: 'in_library',
  duplicate: 'same_as_another',
  restored: 'restored',
  inTrash: 'in_trash',
  deleted: 'deleted',
};

const STATES: Partial<Record<FileOutcome, PhotoLifeState>> = {
  existing: 'active',
  duplicate: 'active',
  inTrash: 'trashed',
  deleted: 'deleted',
};

/** All files of an export, with their outcomes. */
export class Account {
  private readonly settled = new Map<ExportedPhoto, Settled>();
  private readonly announcements = new Map<ExportedPhoto, Announcement>();

  constructor(private readonly plan: UnpackedPlan) {}

  announced(photo: ExportedPhoto, announcement: Announcement): void {
    this.announcements.set(photo, announcement);
  }

  /** Keeps the first outcome: the second attempt for an uploaded photo is not a duplicate. */
  settle(photo: ExportedPhoto, { outcome, photoId }: UploadedFile): void {
    if (this.settled.has(photo)) return;
    this.settled.set(photo, {
      outcome: isNew(outcome) ? 'imported' : 'duplicate',
      code: CODES[outcome],
      photoId,
      photoState: STATES[outcome],
    });
  }

  fail(photo: ExportedPhoto, { code, message }: ErrorReport): void {
    this.settled.set(photo, { outcome: 'failed', code, message });
  }

  isSettled(photo: ExportedPhoto): boolean {
    return this.settled.has(photo);
  }

  counts(): Record<Outcome, number> {
    const counts = { imported: 0, duplicate: 0, failed: 0, unsupported: 0, sidecar: 0, ignored: 0, left: 0 };
    for (const photo of this.plan.photos) counts[this.settled.get(photo)?.outcome ?? 'left'] += 1;
    for (const { outcome } of this.plan.others) counts[outcome] += 1;
    return counts;
  }

  /** Yields the entries in the order of their paths. */
  *entries(): Generator<AccountEntry, void> {
    const files = [...this.plan.photos, ...this.plan.others];
    const sorted = files.map((file) => ({ path: readablePath(file.path), file }));
    sorted.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { path, file } of sorted)
      yield 'outcome' in file ? { ...file, path, file: file.path, albums: [] } : this.photoEntry(path, file);
  }

  private photoEntry(path: string, photo: ExportedPhoto): AccountEntry {
    const settled: Settled = this.settled.get(photo) ?? { outcome: 'left' };
    const { capturedAt, capturedAtSource } = this.announcements.get(photo) ?? {};
    const sidecar = photo.sidecars.json ?? photo.sidecars.xmp;
    return {
      path,
      file: photo.path,
      ...settled,
      sidecar: sidecar === undefined ? undefined : readableName(sidecar),
      sidecarRule: photo.rule,
      albums: [],
      ...(settled.photoId !== undefined && {
        albums: photo.folder.kind === 'album' ? [photo.folder.name] : [],
        capturedAt,
        dateSource: capturedAtSource === 'sidecar' ? 'sidecar' : 'pending',
      }),
    };
  }
}

/** Adds the columns that only the CSV has. There is no archive, so that column is empty. */
async function* rowsOf(entries: Iterable<AccountEntry>) {
  for (const entry of entries) {
    const stats = await lstat(entry.file).catch(() => undefined);
    yield { ...entry, archive: '', sizeBytes: stats?.size, albums: entry.albums.join('; ') };
  }
}

/** Writes one line for each file (RFC 4180), with the columns of the report of the node. */
export async function writeReport(
  target: string,
  entries: Iterable<AccountEntry>,
  force: boolean,
): Promise<void> {
  const lines = stringify({
    header: true,
    bom: true,
    columns: Object.keys(reportEntry.shape),
    record_delimiter: 'windows',
    // A file name must not become a formula of a spreadsheet.
    escape_formulas: true,
  });
  await saveNewFile(target, force, Readable.from(rowsOf(entries)), lines);
}
