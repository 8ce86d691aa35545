import { followImport, pagesOf } from '@lazyphotos/client';
import { type Archive, type ImportJob, MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { exitCodes, InterruptedError } from '../errors.js';
import { count, countLines, formatBytes, formatLocalTime, formatSeconds, sum } from '../format.js';
import { showBar } from '../transfer/progress.js';

export interface FollowOptions {
  /** False with --no-follow. */
  follow: boolean;
}

/** Follows an import to its end, or leaves it to the node. Resolves to the exit code. */
export async function followOrLeave(
  context: Context,
  id: string,
  { follow }: FollowOptions,
  more: Record<string, unknown> = {},
): Promise<number> {
  const { client, output, signal } = context;
  if (!follow) {
    const job = await client.getImport({ params: { id } }, { signal });
    output.line(`Import ${id} continues on the node.`);
    output.note(`To follow it, run: ${nextCommand(context, `import show ${id} --follow`)}`);
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

/** Returns the progress of an import in one line. */
function jobLine(job: ImportJob): string {
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

/** Shows the progress of an import until its end. Resolves to its last state. @throws InterruptedError after Ctrl-C */
async function followToEnd(context: Context, id: string): Promise<ImportJob> {
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
      if (job.paused === undefined && reason !== undefined) note('Continuing.');
      reason = job.paused?.reason;
    }
  } finally {
    hide();
  }
  if (latest === undefined) throw new Error('the node returned no state of the import');
  return latest;
}

/** The line after Ctrl-C. The import itself continues. */
const stoppedFollowing = (context: Context, id: string): string =>
  `Import ${id} continues on the node. To follow it, run: ${nextCommand(context, `import show ${id} --follow`)}; ` +
  `to cancel it, run: ${nextCommand(context, `import cancel ${id}`)}`;

/** The report lists all failures. */
const MAX_LISTED = 10;

const OUTCOMES = [
  ['imported', 'imported'],
  [
    'duplicates',
    'already in the library or deleted earlier (photoState in the report; --restore restores deleted ones)',
  ],
  ['failed', 'failed'],
  ['unsupported', 'of types that are not stored yet, such as videos'],
  ['sidecars', 'sidecars with metadata of photos and albums'],
  ['ignored', 'ignored: neither photos nor sidecars'],
  ['waiting', 'not processed'],
] as const satisfies readonly (readonly [keyof ImportJob, string])[];

function headline({ id, source, status, startedAt, finishedAt }: ImportJob): string {
  const took =
    startedAt !== null && finishedAt !== null
      ? ` in ${formatSeconds((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)}`
      : '';
  const what = source === 'takeout' ? 'Import' : 'Import of a folder';
  return `${what} ${id}: ${status}${status === 'completed' ? took : ''}`;
}

/** Returns the summary of an import: its counts by outcome and its failures. */
export function jobLines(job: ImportJob, archivesOnNode: readonly Archive[]): string[] {
  const { total, bytesTotal, errors, parts } = job;
  const isUnderWay = job.status === 'pending' || job.status === 'running';
  const lines = [headline(job)];
  if (isUnderWay) lines.push(`  ${jobLine(job)}`);
  lines.push(`  ${count(total, 'file')} (${formatBytes(bytesTotal)}) in ${count(parts.length, 'archive')}`);
  const where = archivesOnNode.length > 0 ? '; they stay in the archives' : '';
  lines.push(
    ...countLines(
      OUTCOMES.map(([field, text]) => [job[field], field === 'unsupported' ? text + where : text]),
    ),
  );
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
  sum(archives, ({ sizeBytes }) => sizeBytes);

/** Prints the result of an import and the possible next commands. Resolves to the --json document and the exit code. */
async function reportEnd(context: Context, job: ImportJob) {
  const { output } = context;
  const archives = await archivesOf(context, job.id);
  const bytes = totalBytes(archives);
  for (const line of jobLines(job, archives)) output.line(line);
  output.note(`For the outcome of each file, run: ${nextCommand(context, `import report ${job.id}`)}`);
  if (archives.length > 0) {
    const remove = nextCommand(context, `import delete-archives ${job.id}`);
    output.note(`The archives take ${formatBytes(bytes)} on the node. To delete them, run: ${remove}`);
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
