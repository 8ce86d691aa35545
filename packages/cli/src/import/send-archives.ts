import { hasCode, hasEnded, pagesOf } from '@lazyphotos/client';
import { type ImportJob, type ImportSource, MAX_LIMIT, MAX_PARTS } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { CliError, InterruptedError, reportOf, UsageError } from '../errors.js';
import { count, formatBytes, formatSeconds, sum } from '../format.js';
import { unlessNotFound } from '../library/find.js';
import { readableName } from '../local-path.js';
import { type FailureList, failureList, type RunEnd, runEndOf } from '../transfer/run.js';
import { openHashCache } from '../upload/hash-cache.js';
import type { PlannedPhoto } from '../upload/plan.js';
import { type FailedFile, sendFiles, Tally } from '../upload/send-files.js';
import { announcedName } from '../upload/upload-file.js';
import { missingParts } from './find-archives.js';

/** The result of sending archives, in the --json document. */
interface SentArchives extends RunEnd, FailureList<FailedFile> {
  archives: number;
  bytes: number;
  uploaded: number;
  existing: number;
  uploadedBytes: number;
}

interface SendResult {
  sent: SentArchives;
  /** The hashes of the archives on the node. */
  hashes: string[];
  /** The error that ended the transfer early. */
  stoppedBy: unknown;
}

/** While one archive is read, another one is sent. More would only slow down a hard disk. */
const CONCURRENCY = 2;

/** Uploads the archives that are not on the node yet. */
export async function sendArchives(
  context: Context,
  archives: readonly PlannedPhoto[],
  deviceId: string | undefined,
): Promise<SendResult> {
  const { io, output } = context;
  if (archives.length > MAX_PARTS)
    throw new UsageError(`an import can have ${MAX_PARTS} archives; you gave ${archives.length}`);
  const bytes = sum(archives, ({ sizeBytes }) => sizeBytes);
  output.note(`${count(archives.length, 'archive')} (${formatBytes(bytes)}).`);
  const missing = missingParts(archives.map(({ path }) => readableName(path)));
  if (missing.length > 0)
    output.note(`Not here: ${missing.join(', ')}. You can add them later: run the same command again.`);
  const started = performance.now();
  const tally = new Tally();
  const hashOf = new Map<PlannedPhoto['path'], string>();
  const result = await sendFiles(context, [archives], {
    concurrency: CONCURRENCY,
    restore: false,
    cache: await openHashCache(io.env.configDir),
    deviceId,
    announce: async ({ path }) => ({ fileName: announcedName(path) }),
    onDone: async ({ path, sizeBytes }, { outcome, hash }) => {
      tally.add(outcome, sizeBytes);
      hashOf.set(path, hash);
    },
    onFailed: ({ path }, error) => tally.fail(path, error),
  });
  const { counts, failures, uploadedBytes } = tally;
  const sent: SentArchives = {
    archives: archives.length,
    bytes,
    uploaded: counts.uploaded,
    existing: archives.length - counts.uploaded - failures.length - result.left.length,
    uploadedBytes,
    ...failureList(failures),
    ...runEndOf(started, result),
  };
  // In the order of the archives, not in the order of their transfers.
  const hashes = new Set(archives.flatMap(({ path }) => hashOf.get(path) ?? []));
  return { sent, hashes: [...hashes], stoppedBy: result.stoppedBy };
}

/** The line of the summary for people. */
export function sentLine({ uploaded, uploadedBytes, existing, seconds }: SentArchives): string {
  const there = existing > 0 ? `, ${existing} there already` : '';
  return `Uploaded ${count(uploaded, 'archive')} (${formatBytes(uploadedBytes)}) in ${formatSeconds(seconds)}${there}.`;
}

/** Returns the reason why the import cannot start, or undefined if all archives are on the node. */
export function sendingError({ sent, stoppedBy }: SendResult): unknown {
  const { uploaded, existing, left, failed, failures } = sent;
  if (stoppedBy instanceof InterruptedError) return stoppedBy;
  const done = `${uploaded + existing} of ${sent.archives} archives are on the node`;
  const again = 'the import has not started; the same command continues';
  if (stoppedBy !== undefined) {
    const { code, message } = reportOf(stoppedBy);
    return new CliError(code, `stopped with ${count(left, 'archive')} left: ${message}; ${done}, ${again}`);
  }
  const [first] = failures;
  if (first === undefined) return undefined;
  const more = failed > 1 ? ` (and ${failed - 1} more)` : '';
  return new CliError(first.code, `${first.path}: ${first.message}${more}; ${done}, ${again}`);
}

interface NewImport {
  source: ImportSource;
  hashes: readonly string[];
  restore: boolean;
}

/** Resolves to the hashes of archives, by the import that reads them. */
async function readersOf(
  { client, signal }: Context,
  hashes: ReadonlySet<string>,
): Promise<Map<string, Set<string>>> {
  const readers = new Map<string, Set<string>>();
  const ask = (cursor: string | undefined) =>
    client.listArchives({ query: { cursor, limit: MAX_LIMIT } }, { signal });
  for await (const { archives } of pagesOf(ask)) {
    for (const { hash, importIds } of archives) {
      if (!hashes.has(hash)) continue;
      for (const id of importIds) readers.set(id, (readers.get(id) ?? new Set()).add(hash));
    }
  }
  return readers;
}

/** Resolves to the running import that reads most of these archives, if any. */
async function runningImport(context: Context, { source, hashes }: NewImport) {
  const { client, signal } = context;
  let best: { job: ImportJob; has: Set<string> } | undefined;
  for (const [id, has] of await readersOf(context, new Set(hashes))) {
    if (best !== undefined && best.has.size >= has.size) continue;
    const job = await unlessNotFound(client.getImport({ params: { id } }, { signal }));
    if (job !== undefined && !hasEnded(job) && job.source === source) best = { job, has };
  }
  return best;
}

/**
 * Starts an import of archives that are on the node. Resolves to its id. A running import that reads some of them gets the others as
 * more parts: a photo and its sidecar may be in different archives of an export.
 */
export async function startImport(context: Context, wanted: NewImport): Promise<string> {
  const { client, output, signal } = context;
  const running = await runningImport(context, wanted);
  if (running !== undefined) {
    const { id } = running.job;
    const further = wanted.hashes.filter((hash) => !running.has.has(hash));
    if (further.length === 0) {
      output.note(`Import ${id} of these archives has not ended.`);
      return id;
    }
    try {
      await client.addImportParts({ params: { id }, body: { hashes: further } }, { signal });
      output.note(`Import ${id} has not ended; added ${count(further.length, 'archive')} to it.`);
      return id;
    } catch (error) {
      // The import has just ended, or it is full.
      if (!hasCode(error, 'import_ended', 'too_many_parts')) throw error;
    }
  }
  const { source, hashes, restore } = wanted;
  const body = { source, hashes: [...hashes], ...(restore && { restore }) };
  const { importJobId } = await client.createImport({ body }, { signal });
  output.note(`Import ${importJobId} has started.`);
  return importJobId;
}
