import { resolve } from 'node:path';
import { dateOf, fileNameOf, type PhotoFacts } from '@lazyphotos/import-engine';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes, InterruptedError, reportOf } from '../errors.js';
import { count, formatBytes } from '../format.js';
import { vacantOrThrow } from '../import/new-file.js';
import { type LocalPath, readablePath } from '../local-path.js';
import type { QueueResult } from '../transfer/queue.js';
import { type HashCache, noHashCache, openHashCache } from '../upload/hash-cache.js';
import { sendFiles } from '../upload/send-files.js';
import { type Announcement, announcedName, type UploadedFile } from '../upload/upload-file.js';
import { type Account, createAccount } from './account.js';
import { createAlbumFiller } from './albums.js';
import { writeReport } from './csv-report.js';
import { createDescriber, updateOf } from './describe.js';
import { type ExportedPhoto, planUnpacked, type UnpackedPlan } from './plan.js';
import { factsOf } from './sidecars.js';
import { countsOf, type UnpackedSummary, unpackedLines } from './summary.js';
import { createTrash } from './trash.js';

export interface UnpackedOptions {
  concurrency: number;
  /** False with --no-cache. */
  cache: boolean;
  restore?: boolean;
  report?: string;
  force?: boolean;
  verbose?: boolean;
}

/** Uploads the photos of an export that was unpacked, with what their sidecars say. Running it again changes nothing. */
export async function importUnpacked(
  context: Context,
  roots: readonly LocalPath[],
  options: UnpackedOptions,
): Promise<number> {
  const { io, output, signal } = context;
  const { force = false } = options;
  const report = options.report === undefined ? undefined : resolve(options.report);
  if (report !== undefined) await vacantOrThrow(report, force);
  const { deviceId } = await signedInAccount(context);
  const started = performance.now();
  const cache = options.cache ? await openHashCache(io.env.configDir) : noHashCache;
  output.note(`Looking for photos in ${roots.map(readablePath).join(', ')} …`);
  const onFound = (photos: number) => {
    if (photos % 10_000 === 0) output.note(`${photos} so far …`);
  };
  const plan = await planUnpacked(roots, { cache, signal, onFound });
  if (!plan.isExport) throw noExport(context, roots);
  output.note(`${count(plan.photos.length, 'photo')} (${formatBytes(plan.bytes)}).`);
  const account = createAccount(plan);
  const sent = await send(context, plan, account, { ...options, cache, deviceId });
  // Not after an interruption: the same command continues, and would find the file in its way.
  const isWhole = sent.result.stoppedBy === undefined;
  if (report !== undefined && isWhole) await writeReport(report, account.entries(), force);
  const seconds = Math.round(performance.now() - started) / 1000;
  return finish(
    context,
    summarize(context, { roots, plan, account, sent, report: isWhole ? report : undefined, seconds }),
    sent,
    options,
  );
}

function noExport(context: Context, roots: readonly LocalPath[]): CliError {
  const folders = roots.map(readablePath).join(', ');
  const next = nextCommand(context, 'upload <folder>');
  return new CliError(
    'no_export',
    `${folders} holds neither archives nor an export of Google Photos; to back up a folder of photos, run: ${next}`,
  );
}

interface Sending extends Omit<UnpackedOptions, 'cache'> {
  cache: HashCache;
  deviceId: string | undefined;
}

interface Sent {
  result: QueueResult<ExportedPhoto>;
  importedBytes: number;
  described: number;
  trashed: number;
  albums: number;
  problems: { path: string; code: string; message: string }[];
  duplicates: { inTrash: number; deleted: number };
}

/**
 * Photos with a sidecar come first: of a photo that is there twice, the copy that knows its date should be the one that is sent. What is in
 * the trash comes last, because a photo that is also elsewhere does not belong there.
 */
const groupsOf = ({ photos }: UnpackedPlan): ExportedPhoto[][] => {
  const kept = photos.filter(({ isTrashed }) => !isTrashed);
  const isDescribed = ({ sidecars }: ExportedPhoto) => sidecars.json !== undefined;
  return [
    kept.filter(isDescribed),
    kept.filter((photo) => !isDescribed(photo)),
    photos.filter(({ isTrashed }) => isTrashed),
  ];
};

async function send(
  context: Context,
  plan: UnpackedPlan,
  account: Account,
  { concurrency, cache, restore = false, deviceId }: Sending,
): Promise<Sent> {
  const { client, signal } = context;
  const describer = createDescriber(client, signal);
  const albums = createAlbumFiller(client, signal);
  const trash = createTrash(client);
  const { problems } = describer;
  const duplicates = { inTrash: 0, deleted: 0 };
  /** Of the photos that are on their way. */
  const facts = new Map<ExportedPhoto, PhotoFacts | undefined>();
  let importedBytes = 0;

  const onDone = async (photo: ExportedPhoto, uploaded: UploadedFile): Promise<void> => {
    const { outcome, photoId } = uploaded;
    if (!account.isSettled(photo)) {
      const isNew = outcome === 'uploaded' || outcome === 'restored';
      if (isNew) importedBytes += photo.sizeBytes;
      if (outcome === 'inTrash' || outcome === 'deleted') duplicates[outcome] += 1;
      if (photo.isTrashed && isNew && photoId !== undefined) trash.expect(photoId);
    }
    account.settle(photo, uploaded);
    if (photoId !== undefined && outcome !== 'deleted') {
      await trash.move(photoId);
      const update = updateOf(photoId, photo, facts.get(photo));
      if (photo.folder.kind === 'album') albums.add(photo.folder, photoId);
      if (update !== undefined) await describer.add(readablePath(photo.path), update);
    }
    facts.delete(photo);
  };
  const result = await sendFiles(context, groupsOf(plan), {
    concurrency,
    restore,
    cache,
    deviceId,
    announce: async (photo) => {
      facts.set(photo, await factsOf(photo.sidecars));
      const announcement = announcementOf(photo, facts.get(photo));
      account.announced(photo, announcement);
      return announcement;
    },
    onDone,
    onFailed: (photo, error) => {
      facts.delete(photo);
      // It is in the library; what failed came afterwards.
      if (account.isSettled(photo)) problems.push({ path: readablePath(photo.path), ...reportOf(error) });
      else account.fail(photo, reportOf(error));
    },
  });
  const stopped = 'stoppedBy' in result ? result : await complete([describer.finish, albums.finish]);
  return {
    result: { ...result, ...stopped },
    importedBytes,
    described: describer.described,
    trashed: trash.moved,
    albums: albums.filled,
    problems,
    duplicates,
  };
}

/** Does what is left to do after the uploads. Resolves to the error that ended it. */
async function complete(steps: readonly (() => Promise<void>)[]): Promise<{ stoppedBy?: unknown }> {
  try {
    for (const step of steps) await step();
    return {};
  } catch (error) {
    return { stoppedBy: error };
  }
}

function announcementOf(photo: ExportedPhoto, facts: PhotoFacts | undefined): Announcement {
  const { name, folder, rule, path } = photo;
  const fileName = fileNameOf(name, facts, rule);
  const date = dateOf({ facts, fileName, folder, now: new Date() });
  return {
    fileName: announcedName(fileName) ?? announcedName(path),
    ...(date && { capturedAt: date.capturedAt, capturedAtSource: date.source }),
    ...(facts?.location && { locationLat: facts.location.lat, locationLon: facts.location.lon }),
  };
}

interface Ended {
  roots: readonly LocalPath[];
  plan: UnpackedPlan;
  account: Account;
  sent: Sent;
  report: string | undefined;
  seconds: number;
}

function summarize({ server }: Context, ended: Ended): UnpackedSummary {
  const { roots, plan, account, sent, report, seconds } = ended;
  const { result, duplicates, ...done } = sent;
  const { stoppedBy } = result;
  const interrupted = stoppedBy instanceof InterruptedError;
  const failures: UnpackedSummary['failures'] = [];
  const unsupportedFiles: string[] = [];
  const ignoredByReason: Record<string, number> = {};
  for (const { path, outcome, code = 'unknown', message = code } of account.entries()) {
    if (outcome === 'failed') failures.push({ path, code, message });
    if (outcome === 'unsupported') unsupportedFiles.push(path);
    if (outcome === 'ignored') ignoredByReason[code] = (ignoredByReason[code] ?? 0) + 1;
  }
  return {
    folders: roots.map(readablePath),
    server,
    ...countsOf(account.counts()),
    ...duplicates,
    ...done,
    unmatchedSidecars: plan.unmatchedSidecars,
    seconds,
    failures,
    unsupportedFiles,
    ignoredByReason,
    skippedFolders: plan.skippedFolders.map((folder) => ({ ...folder, path: readablePath(folder.path) })),
    report: report ?? null,
    interrupted,
    stoppedBy: stoppedBy === undefined || interrupted ? null : reportOf(stoppedBy),
  };
}

function finish(
  { output }: Context,
  summary: UnpackedSummary,
  { result: { stoppedBy } }: Sent,
  { verbose = false }: UnpackedOptions,
): number {
  output.document(summary);
  if (stoppedBy instanceof InterruptedError) {
    const { imported, duplicates, left } = summary;
    output.error(
      `Interrupted: ${imported} imported, ${duplicates} there already, ${left} left. The same command continues.`,
    );
    return stoppedBy.exitCode;
  }
  for (const line of unpackedLines(summary, verbose)) output.line(line);
  if (summary.stoppedBy !== null) {
    const left = count(summary.left, 'photo');
    output.error(`stopped with ${left} left: ${summary.stoppedBy.message}; the same command continues`);
    return exitCodes.failed;
  }
  const bad = summary.failed + summary.problems.length;
  if (bad > 0 && output.mode === 'quiet') output.error(`${count(bad, 'file')} failed`);
  return bad > 0 ? exitCodes.failed : exitCodes.ok;
}
