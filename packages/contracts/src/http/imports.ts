import { z } from 'zod';
import { CAPTURED_AT_SOURCES } from '../capture-dates.js';
import { defineEndpoints } from './endpoint.js';
import { byteCount, id, page, pageQuery, sha256, timestamp } from './primitives.js';
import { photoState } from './uploads.js';

/** The largest number of archives that one import reads. */
export const MAX_PARTS = 200;
/** The number of failures that an import lists; its report has all of them. */
export const MAX_LISTED_ERRORS = 100;

export const IMPORT_SOURCES = ['takeout', 'folder'] as const;
export type ImportSource = (typeof IMPORT_SOURCES)[number];
const importSource = z.enum(IMPORT_SOURCES).meta({
  id: 'ImportSource',
  description:
    'takeout: an export of Google Photos, with its JSON files. folder: a ZIP of photos, with XMP files beside them if there are any',
});

export const IMPORT_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export const PAUSE_REASONS = ['user', 'storage_full', 'service_unavailable'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** The result of one file of an archive. */
export const ENTRY_OUTCOMES = [
  'waiting',
  'imported',
  'duplicate',
  'failed',
  'unsupported',
  'sidecar',
  'ignored',
] as const;
export type EntryOutcome = (typeof ENTRY_OUTCOMES)[number];
const entryOutcome = z.enum(ENTRY_OUTCOMES).meta({
  id: 'ImportEntryOutcome',
  description:
    'waiting: not handled yet. imported: a new photo. duplicate: the library has this photo already. failed: see code. unsupported: a video or another type that this version does not store; it stays in the archive. sidecar: metadata of photos or an album, which were read. ignored: neither a photo nor metadata',
});

const archivePath = z
  .string()
  .min(1)
  .max(1000)
  .meta({ description: 'an archive, or a folder of archives, below IMPORT_DIR; relative, with /' });
const hashes = z.array(sha256).min(1).max(MAX_PARTS);

const importError = z
  .object({
    path: z.string().meta({ description: 'of the file in its archive; the name of an archive as a whole' }),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: 'ImportError' });

const importPart = z
  .object({
    name: z.string().meta({ description: 'the file name of the archive' }),
    sizeBytes: byteCount,
    state: z.enum(['waiting', 'listed', 'failed']).meta({
      id: 'ImportPartState',
      description: 'listed: its table of contents has been read. failed: the archive cannot be read',
    }),
    code: z.string().optional(),
    message: z.string().optional(),
  })
  .meta({ id: 'ImportPart' });

export const importJob = z
  .object({
    id,
    source: importSource,
    status: z.enum(IMPORT_STATUSES).meta({ id: 'ImportStatus' }),
    paused: z
      .object({
        reason: z.enum(PAUSE_REASONS).meta({
          id: 'ImportPauseReason',
          description:
            'user: until it is resumed. storage_full: until there is space. service_unavailable: until another part of the node is available. The last two end automatically',
        }),
        message: z.string(),
      })
      .meta({ id: 'ImportPause' })
      .optional()
      .meta({ description: 'the reason why the import makes no progress; its status does not change' }),
    total: byteCount.meta({ description: 'files in the archives that have been listed' }),
    processed: byteCount.meta({ description: 'all files except those that wait' }),
    waiting: byteCount,
    imported: byteCount,
    duplicates: byteCount,
    failed: byteCount,
    unsupported: byteCount,
    sidecars: byteCount,
    ignored: byteCount,
    bytesTotal: byteCount.meta({ description: 'size of the files when unpacked' }),
    bytesProcessed: byteCount,
    bytesPerSecond: z
      .number()
      .nonnegative()
      .nullable()
      .meta({ description: 'recent speed; null while it is unknown' }),
    secondsLeft: byteCount.nullable().meta({ description: 'an estimate; null while it is unknown' }),
    errors: z.array(importError).meta({ description: 'the first hundred failures' }),
    parts: z.array(importPart),
    createdAt: timestamp,
    startedAt: timestamp.nullable(),
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Import' });
export type ImportJob = z.output<typeof importJob>;

export const reportEntry = z
  .object({
    path: z.string(),
    archive: z.string().meta({ description: 'the file name of the archive' }),
    sizeBytes: byteCount,
    outcome: entryOutcome,
    code: z.string().nullable().meta({ description: 'why it failed, is unsupported or was ignored' }),
    message: z.string().nullable(),
    photoId: id.nullable(),
    photoState: photoState
      .optional()
      .meta({ description: 'for a duplicate: the state of the photo when it was found' }),
    sidecar: z
      .string()
      .nullable()
      .meta({ description: 'the path of the file whose metadata were used for this one' }),
    sidecarRule: z.string().nullable().meta({ description: 'how that file was found' }),
    partOf: z.string().nullable().meta({
      description: 'for the video of a live or motion photo: the path of its picture',
    }),
    albums: z.array(z.string()).meta({ description: 'names of the albums to which the photo was added' }),
    capturedAt: timestamp.nullable(),
    dateSource: z
      .enum([...CAPTURED_AT_SOURCES, 'none', 'pending'])
      .meta({
        id: 'ImportDateSource',
        description:
          'the source of capturedAt. none: no date is known. pending: the file itself has not been read yet',
      })
      .optional(),
  })
  .meta({ id: 'ImportReportEntry' });
export type ReportEntry = z.output<typeof reportEntry>;

const importParams = z.object({ id });
const NOT_FOUND_ONLY = ['not_found'] as const;

export const archive = z
  .object({
    id,
    hash: sha256,
    fileName: z.string(),
    sizeBytes: byteCount,
    uploadedAt: timestamp,
    importIds: z.array(id).meta({ description: 'the imports that read it' }),
  })
  .meta({ id: 'Archive' });
export type Archive = z.output<typeof archive>;

export const importEndpoints = defineEndpoints('upload', {
  createImport: {
    method: 'post',
    path: '/imports',
    summary: 'Import the photos of one or more archives that were uploaded or are in IMPORT_DIR',
    idempotencyKey: true,
    body: z
      .object({
        source: importSource,
        hash: sha256.optional().meta({ description: 'of an uploaded archive' }),
        hashes: hashes
          .optional()
          .meta({ description: 'of uploaded archives, which are parts of one export' }),
        path: archivePath.optional(),
        restore: z
          .boolean()
          .optional()
          .meta({ description: 'restore photos that are in the trash or were purged' }),
        paused: z.boolean().optional().meta({
          description: 'true: it starts when it is resumed, for example after all parts were added',
        }),
      })
      .refine(
        ({ hash, hashes, path }) => [hash, hashes, path].filter((given) => given !== undefined).length === 1,
        'needs exactly one of hash, hashes and path',
      )
      .meta({ id: 'CreateImportRequest' }),
    success: {
      status: 200,
      body: z.object({ importJobId: id }).meta({ id: 'CreatedImport' }),
      description: 'The import starts as soon as no other import of this user runs',
    },
    problems: ['archive_not_found', 'forbidden', 'too_many_parts', 'idempotency_key_reused', 'storage_full'],
  },
  listImports: {
    method: 'get',
    path: '/imports',
    summary: 'Imports, the newest first',
    query: pageQuery,
    success: { status: 200, body: page('imports', importJob, 'Imports'), description: 'One page' },
  },
  getImport: {
    method: 'get',
    path: '/imports/{id}',
    summary: 'The progress of an import',
    params: importParams,
    success: { status: 200, body: importJob, description: 'The import' },
    problems: NOT_FOUND_ONLY,
  },
  cancelImport: {
    method: 'delete',
    path: '/imports/{id}',
    summary: 'End an import; imported photos stay. A repeated request changes nothing',
    params: importParams,
    success: { status: 204, description: 'Cancelled, or ended before' },
    problems: NOT_FOUND_ONLY,
  },
  pauseImport: {
    method: 'post',
    path: '/imports/{id}/pause',
    summary: 'Pause an import until it is resumed',
    params: importParams,
    success: { status: 200, body: importJob, description: 'The import' },
    problems: ['not_found', 'import_ended'],
  },
  resumeImport: {
    method: 'post',
    path: '/imports/{id}/resume',
    summary: 'Resume an import that is paused for any reason',
    params: importParams,
    success: { status: 200, body: importJob, description: 'The import' },
    problems: ['not_found', 'import_ended'],
  },
  addImportParts: {
    method: 'post',
    path: '/imports/{id}/parts',
    summary: 'Add further archives of the same export; an archive that is already a part is not added again',
    params: importParams,
    body: z
      .object({ hashes: hashes.optional(), path: archivePath.optional() })
      .refine(
        ({ hashes, path }) => (hashes === undefined) !== (path === undefined),
        'needs exactly one of hashes and path',
      )
      .meta({ id: 'AddImportPartsRequest' }),
    success: { status: 200, body: importJob, description: 'The import; a completed one runs again' },
    problems: [
      'not_found',
      'archive_not_found',
      'import_ended',
      'forbidden',
      'too_many_parts',
      'storage_full',
    ],
  },
  getImportReport: {
    method: 'get',
    path: '/imports/{id}/report',
    summary: 'The result of each file of the archives',
    params: importParams,
    query: z.object({ format: z.enum(['json', 'csv']).meta({ id: 'ImportReportFormat' }).default('json') }),
    success: {
      status: 200,
      body: z.object({ import: importJob, entries: z.array(reportEntry) }).meta({ id: 'ImportReport' }),
      alternatives: ['text/csv'],
      description: 'All files, archive by archive, in the order of each one',
    },
    problems: NOT_FOUND_ONLY,
  },
  listArchives: {
    method: 'get',
    path: '/archives',
    summary: 'Archives that were uploaded for imports, newest first; each is kept until it is deleted',
    query: pageQuery,
    success: { status: 200, body: page('archives', archive, 'Archives'), description: 'One page' },
  },
  deleteArchive: {
    method: 'delete',
    path: '/archives/{id}',
    summary: 'Delete an uploaded archive; photos that were imported from it stay',
    params: importParams,
    success: { status: 204, description: 'Deleted' },
    problems: ['not_found', 'archive_in_use'],
  },
});
