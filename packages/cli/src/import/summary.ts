import { pagesOf } from '@lazyphotos/client';
import { type Archive, type ImportJob, MAX_LIMIT } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { exitCodes } from '../errors.js';
import { count, formatBytes, formatLocalTime, formatSeconds } from '../format.js';
import { jobLine } from './follow.js';

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
