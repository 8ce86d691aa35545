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
  ['duplicates', 'in the library already'],
  ['failed', 'failed'],
  ['unsupported', 'of types that are not stored yet, such as videos; they stay in the archives'],
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
export function jobLines(job: ImportJob): string[] {
  const { total, bytesTotal, errors, parts } = job;
  const isUnderWay = job.status === 'pending' || job.status === 'running';
  const lines = [headline(job)];
  if (isUnderWay) lines.push(`  ${jobLine(job)}`);
  lines.push(`  ${count(total, 'file')} (${formatBytes(bytesTotal)}) in ${count(parts.length, 'archive')}`);
  for (const [field, words] of wordsFor) if (job[field] > 0) lines.push(`  ${job[field]} ${words}`);
  for (const { name, state, message, code } of parts)
    if (state === 'failed') lines.push(`  cannot be read: ${name}: ${message ?? code ?? 'no reason given'}`);
  if (errors.length > 0) lines.push(`${count(job.failed || errors.length, 'failure')}:`);
  for (const { path, message } of errors.slice(0, MAX_LISTED)) lines.push(`  ${path}: ${message}`);
  const more = Math.max(job.failed, errors.length) - MAX_LISTED;
  if (more > 0) lines.push(`  and ${more} more (in the report)`);
  return lines;
}

/** One line of a list of imports. */
export const jobColumns = (job: ImportJob): string[] => {
  const { id, source, status, paused, imported, duplicates, failed, createdAt } = job;
  return [
    formatLocalTime(createdAt),
    source,
    paused === undefined ? status : `${status}, paused`,
    `${imported} imported, ${duplicates} duplicates, ${failed} failed`,
    id,
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
  for (const line of jobLines(job)) output.line(line);
  output.note(`What became of each file: ${nextCommand(context, `import report ${job.id}`)}`);
  if (archives.length > 0) {
    const remove = nextCommand(context, `import delete-archives ${job.id}`);
    output.note(`The archives take ${formatBytes(bytes)} on the node. To delete them: ${remove}`);
  }
  const isWhole = job.status === 'completed' && job.failed === 0;
  const hasFailedParts = job.parts.some(({ state }) => state === 'failed');
  if (job.status !== 'completed' && output.mode === 'quiet') output.error(`the import is ${job.status}`);
  if (job.failed > 0 && output.mode === 'quiet') output.error(`${count(job.failed, 'file')} failed`);
  return {
    document: { import: job, archivesOnNode: { archives: archives.length, bytes } },
    exitCode: isWhole && !hasFailedParts ? exitCodes.ok : exitCodes.failed,
  };
}
