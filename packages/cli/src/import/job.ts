import { followImport, pagesOf } from '@lazyphotos/client';
import { type Archive, type ImportJob, MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { CliError, InterruptedError, exitCodes, reportOf } from '../errors.js';
import { count, formatBytes, formatLocalTime, formatSeconds } from '../format.js';
import { type LocalPath, readablePath } from '../local-path.js';
import { showBar } from '../transfer/progress.js';
import { type SendResult, sendingError, sentLine } from './send-archives.js';

/** Names the archives that are not sent because their download was cut off. Returns their paths for --json. */
export function reportCutOff({ output }: Context, cutOff: readonly LocalPath[]): string[] {
  for (const path of cutOff)
    output.error(`${readablePath(path)}: the download was cut off: download it again`);
  return cutOff.map(readablePath);
}

/** The exit code of an import without the archives that were cut off. */
export const unlessCutOff = (exitCode: number, cutOff: readonly LocalPath[]): number =>
  exitCode === exitCodes.ok && cutOff.length > 0 ? exitCodes.failed : exitCode;

/** @throws CliError when only archives were given whose download was cut off */
export function assertSomeWhole(archives: readonly unknown[], cutOff: readonly LocalPath[]): void {
  if (archives.length > 0 || cutOff.length === 0) return;
  throw new CliError('archive_truncated', 'nothing was sent: no archive is complete');
}

export interface FollowOptions {
  /** False with --no-follow. */
  follow: boolean;
}

/** Says what was sent. Returns the exit code if that is all, because not every archive is on the node. */
export function finishSending(
  { output }: Context,
  result: SendResult,
  cutOff: readonly string[],
): number | undefined {
  const error = sendingError(result);
  if (error === undefined) {
    output.line(sentLine(result.sent));
    return undefined;
  }
  output.document({ sent: result.sent, cutOff, import: null });
  if (error instanceof InterruptedError) {
    const { uploaded, existing, left } = result.sent;
    const done = `${uploaded} uploaded, ${existing} there already, ${left} left`;
    output.error(`Interrupted: ${done}. The import has not started; the same command continues.`);
    return error.exitCode;
  }
  output.error(reportOf(error).message);
  return exitCodes.failed;
}

/** Follows an import to its end, unless it is to be left alone. Returns the exit code. */
export async function followOrLeave(
  context: Context,
  id: string,
  { follow }: FollowOptions,
  more: Record<string, unknown> = {},
): Promise<number> {
  const { client, output, signal } = context;
  if (!follow) {
    const job = await client.getImport({ params: { id } }, { signal });
    output.line(`Import ${id} goes on without this command.`);
    output.note(`To follow it: ${nextCommand(context, `import show ${id} --follow`)}`);
    output.document({ ...more, import: job, interrupted: false });
    return exitCodes.ok;
  }
  try {
    const { document, exitCode } = await reportEnd(context, await followToEnd(context, id));
    output.document({ ...more, ...document, interrupted: false });
    return exitCode;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    output.document({ ...more, import: { id }, interrupted: true });
    output.error(stoppedFollowing(context, id));
    return error.exitCode;
  }
}

const POLL_MS = 1000;

/** How far an import is, in one line. */
export function jobLine(job: ImportJob): string {
  if (job.paused !== undefined) return `${doneLine(job)}, paused: ${job.paused.message}`;
  const unlisted = job.parts.filter(({ state }) => state === 'waiting').length;
  if (job.status === 'pending') return 'waiting for its turn';
  if (job.total === 0 || unlisted > 0)
    return `reading the contents of ${count(unlisted || job.parts.length, 'archive')}`;
  const rate = job.bytesPerSecond === null ? [] : [`${formatBytes(job.bytesPerSecond)}/s`];
  const left = job.secondsLeft === null ? [] : [`${formatSeconds(job.secondsLeft)} left`];
  return [doneLine(job), ...rate, ...left].join(', ');
}

const doneLine = ({ processed, total, bytesProcessed, bytesTotal }: ImportJob): string =>
  `${processed}/${total} files, ${formatBytes(bytesProcessed)} of ${formatBytes(bytesTotal)}`;

/**
 * Shows how far an import is until it has ended. Resolves to its last state.
 *
 * @throws InterruptedError after Ctrl-C; the import goes on.
 */
export async function followToEnd(context: Context, id: string): Promise<ImportJob> {
  const { client, io, output, signal } = context;
  let latest: ImportJob | undefined;
  let isAway = false;
  const hide = showBar(context, () => ({
    done: latest?.bytesProcessed ?? 0,
    total: latest?.bytesTotal ?? 0,
    text: isAway ? 'no connection to the node, trying again' : latest === undefined ? '' : jobLine(latest),
  }));
  const note = (text: string): void => void (io.stderr.isTTY !== true && output.note(text));
  const onTrouble = () => {
    if (!isAway) note('No connection to the node, trying again.');
    isAway = true;
  };
  try {
    let reason: string | undefined;
    for await (const job of followImport(client, id, { signal, pollMs: POLL_MS, onTrouble })) {
      latest = job;
      isAway = false;
      if (job.paused !== undefined && job.paused.reason !== reason) note(`Paused: ${job.paused.message}`);
      if (job.paused === undefined && reason !== undefined) note('Going on.');
      reason = job.paused?.reason;
    }
  } finally {
    hide();
  }
  if (latest === undefined) throw new Error('the import was never seen');
  return latest;
}

/** The lines after Ctrl-C. */
export const stoppedFollowing = (context: Context, id: string): string =>
  `Stopped following; import ${id} goes on. To follow it: ${nextCommand(context, `import show ${id} --follow`)}; ` +
  `to end it: ${nextCommand(context, `import cancel ${id}`)}`;

/** So many failures are listed; the report has all. */
const MAX_LISTED = 10;

const wordsFor = [
  ['imported', 'imported'],
  [
    'duplicates',
    'in the library already or deleted before (photoState in the report; --restore brings those back)',
  ],
  ['failed', 'failed'],
  ['unsupported', 'of types that are not stored yet, such as videos'],
  ['sidecars', 'with facts about photos and albums, which were read'],
  ['ignored', 'ignored: neither photos nor facts about them'],
  ['waiting', 'not handled'],
] as const satisfies readonly (readonly [keyof ImportJob, string])[];

function headline({ id, source, status, startedAt, finishedAt }: ImportJob): string {
  const took =
    startedAt !== null && finishedAt !== null
      ? ` in ${formatSeconds((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)}`
      : '';
  const what = source === 'takeout' ? 'Import' : 'Import of a folder';
  return `${what} ${id}: ${status}${status === 'completed' ? took : ''}`;
}

/** An import in lines for people: its counts by outcome, and what went wrong. */
export function jobLines(job: ImportJob, archivesOnNode: readonly Archive[]): string[] {
  const { total, bytesTotal, errors, parts } = job;
  const isUnderWay = job.status === 'pending' || job.status === 'running';
  const lines = [headline(job)];
  if (isUnderWay) lines.push(`  ${jobLine(job)}`);
  lines.push(`  ${count(total, 'file')} (${formatBytes(bytesTotal)}) in ${count(parts.length, 'archive')}`);
  for (const [field, words] of wordsFor) {
    const where = field === 'unsupported' && archivesOnNode.length > 0 ? '; they stay in the archives' : '';
    if (job[field] > 0) lines.push(`  ${job[field]} ${words}${where}`);
  }
  for (const failed of failedParts(job)) lines.push(`  cannot be read: ${failed}`);
  if (errors.length > 0) lines.push(`${count(job.failed || errors.length, 'failure')}:`);
  for (const { path, message } of errors.slice(0, MAX_LISTED)) lines.push(`  ${path}: ${message}`);
  const more = Math.max(job.failed, errors.length) - MAX_LISTED;
  if (more > 0) lines.push(`  and ${more} more (in the report)`);
  return lines;
}

/** The archives that cannot be read, each with the reason. */
const failedParts = ({ parts }: ImportJob): string[] =>
  parts
    .filter(({ state }) => state === 'failed')
    .map(({ name, message, code }) => `${name}: ${message ?? code ?? 'no reason given'}`);

/** One line of a list of imports. */
export const jobColumns = (job: ImportJob): string[] => {
  const { id, source, status, paused, imported, duplicates, failed, createdAt } = job;
  return [
    formatLocalTime(createdAt),
    source,
    paused === undefined ? status : `${status}, paused`,
    `${imported} imported, ${duplicates} duplicates, ${failed} failed`,
    id,
    ...failedParts(job).map((failed) => `cannot be read: ${failed}`),
  ];
};

export const archivePages = ({ client, signal }: Context) =>
  pagesOf((cursor) => client.listArchives({ query: { cursor, limit: MAX_LIMIT } }, { signal }));

/** The archives on the node that an import reads. */
export async function archivesOf(context: Context, importId: string): Promise<Archive[]> {
  const found: Archive[] = [];
  for await (const { archives } of archivePages(context))
    found.push(...archives.filter(({ importIds }) => importIds.includes(importId)));
  return found;
}

export const totalBytes = (archives: readonly { sizeBytes: number }[]): number =>
  archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** Says how an import has ended, and what can be done next. Resolves to what --json says of it and to the exit code. */
export async function reportEnd(context: Context, job: ImportJob) {
  const { output } = context;
  const archives = await archivesOf(context, job.id);
  const bytes = totalBytes(archives);
  for (const line of jobLines(job, archives)) output.line(line);
  output.note(`What became of each file: ${nextCommand(context, `import report ${job.id}`)}`);
  if (archives.length > 0) {
    const remove = nextCommand(context, `import delete-archives ${job.id}`);
    output.note(`The archives take ${formatBytes(bytes)} on the node. To delete them: ${remove}`);
  }
  const isWhole = job.status === 'completed' && job.failed === 0;
  const hasFailedParts = failedParts(job).length > 0;
  if (job.status !== 'completed' && output.mode === 'quiet') output.error(`the import is ${job.status}`);
  if (job.failed > 0 && output.mode === 'quiet') output.error(`${count(job.failed, 'file')} failed`);
  return {
    document: { import: job, archivesOnNode: { archives: archives.length, bytes } },
    exitCode: isWhole && !hasFailedParts ? exitCodes.ok : exitCodes.failed,
  };
}
