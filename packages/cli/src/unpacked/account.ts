import { createWriteStream } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type PhotoLifeState, type ReportEntry, reportEntry } from '@lazyphotos/contracts';
import { stringify } from 'csv-stringify';
import { partOf, renameInto } from '../import/new-file.js';
import { type LocalPath, readableName, readablePath } from '../local-path.js';
import type { FileOutcome, UploadedFile } from '../upload/upload-file.js';
import type { ExportedPhoto, OtherEntry, UnpackedPlan } from './plan.js';

export type Outcome = 'imported' | 'duplicate' | 'failed' | 'unsupported' | 'sidecar' | 'ignored' | 'left';

/** What became of one file. The names are those of the node's report. */
export interface AccountEntry {
  path: string;
  /** The file itself, whose name may be no text. */
  file: LocalPath;
  outcome: Outcome;
  code: string | undefined;
  message: string | undefined;
  photoId: string | undefined;
  /** Of a duplicate: where the photo was when it was found. */
  photoState: PhotoLifeState | undefined;
  sidecar: string | undefined;
  sidecarRule: string | undefined;
  partOf: string | undefined;
  albums: string[];
  /** What was announced with the photo. */
  capturedAt: string | undefined;
  /** `pending` where the file itself may have a better date: it is not read here. */
  dateSource: ReportEntry['dateSource'];
}

export type Counts = Record<Outcome, number>;

interface Settled {
  outcome: 'imported' | 'duplicate' | 'failed';
  code?: string | undefined;
  message?: string | undefined;
  photoId?: string | undefined;
  photoState?: PhotoLifeState | undefined;
}

export interface Announced {
  capturedAt?: string | undefined;
  capturedAtSource?: string | undefined;
}

/** Every file of an export, with what became of it. */
export interface Account {
  announced(photo: ExportedPhoto, date: Announced): void;
  /** The first outcome stays: a photo that was uploaded and is tried again is no duplicate. */
  settle(photo: ExportedPhoto, uploaded: UploadedFile): void;
  fail(photo: ExportedPhoto, error: { code: string; message: string }): void;
  isSettled(photo: ExportedPhoto): boolean;
  counts(): Counts;
  /** By path. */
  entries(): Generator<AccountEntry, void>;
}

const codes: Partial<Record<FileOutcome, string>> = {
  existing: 'in_library',
  duplicate: 'same_as_another',
  restored: 'restored',
  inTrash: 'in_trash',
  deleted: 'deleted',
};

const states: Partial<Record<FileOutcome, PhotoLifeState>> = {
  existing: 'active',
  duplicate: 'active',
  inTrash: 'trashed',
  deleted: 'deleted',
};

export function createAccount(plan: UnpackedPlan): Account {
  const settled = new Map<ExportedPhoto, Settled>();
  const dates = new Map<ExportedPhoto, Announced>();

  const photoEntry = (photo: ExportedPhoto): AccountEntry => {
    const { json, xmp } = photo.sidecars;
    const { outcome = 'left', code, message, photoId, photoState } = settled.get(photo) ?? {};
    const { capturedAt, capturedAtSource } = dates.get(photo) ?? {};
    const isKept = photoId !== undefined;
    const sidecar = json ?? xmp;
    return {
      path: readablePath(photo.path),
      file: photo.path,
      outcome,
      code,
      message,
      photoId,
      photoState,
      sidecar: sidecar === undefined ? undefined : readableName(sidecar),
      sidecarRule: photo.rule,
      partOf: undefined,
      albums: isKept && photo.folder.kind === 'album' ? [photo.folder.name] : [],
      capturedAt: isKept ? capturedAt : undefined,
      dateSource: !isKept ? undefined : capturedAtSource === 'sidecar' ? 'sidecar' : 'pending',
    };
  };
  const entryOf = (file: ExportedPhoto | OtherEntry): AccountEntry =>
    'outcome' in file ? otherEntry(file) : photoEntry(file);

  return {
    announced: (photo, date) => void dates.set(photo, date),
    settle: (photo, { outcome, photoId }) => {
      if (settled.has(photo)) return;
      const isNew = outcome === 'uploaded' || outcome === 'restored';
      settled.set(photo, {
        outcome: isNew ? 'imported' : 'duplicate',
        code: codes[outcome],
        photoId,
        photoState: states[outcome],
      });
    },
    fail: (photo, { code, message }) => void settled.set(photo, { outcome: 'failed', code, message }),
    isSettled: (photo) => settled.has(photo),
    counts: () => {
      const counts: Counts = {
        imported: 0,
        duplicate: 0,
        failed: 0,
        unsupported: 0,
        sidecar: 0,
        ignored: 0,
        left: 0,
      };
      for (const photo of plan.photos) counts[settled.get(photo)?.outcome ?? 'left'] += 1;
      for (const { outcome } of plan.others) counts[outcome] += 1;
      return counts;
    },
    entries: function* () {
      const files = [...plan.photos, ...plan.others].map((file) => ({ path: pathOf(file), file }));
      files.sort((a, b) => (a.path < b.path ? -1 : 1));
      for (const { file } of files) yield entryOf(file);
    },
  };
}

const pathOf = ({ path }: ExportedPhoto | OtherEntry): string => readablePath(path);

const otherEntry = ({ path, outcome, code, message, partOf }: OtherEntry): AccountEntry => ({
  path: readablePath(path),
  file: path,
  outcome,
  code,
  message,
  photoId: undefined,
  photoState: undefined,
  sidecar: undefined,
  sidecarRule: undefined,
  partOf,
  albums: [],
  capturedAt: undefined,
  dateSource: undefined,
});

/** Gives each entry the columns that it lacks. No archive is involved, so that column is empty. */
async function* rowsOf(entries: Iterable<AccountEntry>) {
  for (const entry of entries) {
    const stats = await lstat(entry.file).catch(() => undefined);
    yield { ...entry, archive: '', sizeBytes: stats?.size, albums: entry.albums.join('; ') };
  }
}

/** Writes one line for each file (RFC 4180), with the columns of the node's report. The file is whole or not there. */
export async function writeReport(
  target: string,
  entries: Iterable<AccountEntry>,
  force: boolean,
): Promise<void> {
  const part = partOf(target);
  const lines = stringify({
    header: true,
    bom: true,
    columns: Object.keys(reportEntry.shape),
    record_delimiter: 'windows',
    // A file name must not become a formula of a spreadsheet.
    escape_formulas: true,
  });
  try {
    await pipeline(
      Readable.from(rowsOf(entries)),
      lines,
      createWriteStream(part, { mode: 0o600, flags: 'wx' }),
    );
    await renameInto(part, target, force);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
