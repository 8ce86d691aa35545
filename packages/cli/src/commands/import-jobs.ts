import { hasCode } from '@lazyphotos/client';
import type { ImportJob, ImportSource } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, UsageError, exitCodes } from '../errors.js';
import { findSources } from '../import/find-archives.js';
import { type FollowOptions, archivesOf, assertSomeWhole, finishSending, followOrLeave, jobColumns, jobLines, reportCutOff, unlessCutOff } from '../import/job.js';
import { sendArchives } from '../import/send-archives.js';
import { importOrThrow } from '../library/find.js';
import { printList } from '../library/listing.js';
import { readablePath } from '../local-path.js';

/** Lists imports, the newest first. */
export async function listImports(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const { entries, hasMore } = await printList(context, {
    limit,
    page: async (query) => {
      const { imports: items, ...rest } = await client.listImports({ query }, { signal });
      return { items, ...rest };
    },
    nothing: 'There is no import.',
    entry: (job) => job,
    columns: jobColumns,
  });
  output.document({ imports: entries, hasMore });
  return exitCodes.ok;
}

/** Says how far an import is, or follows it to its end. */
export async function showImport(
  context: Context,
  reference: string,
  { follow = false }: { follow?: boolean },
): Promise<number> {
  await signedInAccount(context);
  const job = await importOrThrow(context, reference);
  if (follow) return followOrLeave(context, job.id, { follow });
  await printJob(context, job);
  return exitCodes.ok;
}

async function printJob(context: Context, job: ImportJob): Promise<void> {
  const { output } = context;
  const archives = job.unsupported > 0 && output.mode === 'human' ? await archivesOf(context, job.id) : [];
  for (const line of jobLines(job, archives)) output.line(line);
  output.document({ import: job });
}

export type ImportChange = 'pause' | 'resume' | 'cancel';

/** Pauses, resumes or cancels an import. Repeating it does no harm. */
export async function changeImport(
  context: Context,
  change: ImportChange,
  reference: string,
): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const { id } = await importOrThrow(context, reference);
  const params = { id };
  if (change === 'cancel') {
    await client.cancelImport({ params }, { signal });
    output.note('What was imported stays.');
    await printJob(context, await client.getImport({ params }, { signal }));
    return exitCodes.ok;
  }
  const call = change === 'pause' ? client.pauseImport : client.resumeImport;
  try {
    await printJob(context, await call({ params }, { signal }));
  } catch (error) {
    if (!hasCode(error, 'import_ended')) throw error;
    throw new CliError(error.code, `import ${id} has ended; there is nothing to ${change}`);
  }
  return exitCodes.ok;
}

/** Uploads further archives of the same export and adds them to an import. */
export async function addToImport(
  context: Context,
  reference: string,
  given: readonly string[],
  { follow }: FollowOptions,
): Promise<number> {
  const { client, signal } = context;
  const { deviceId } = await signedInAccount(context);
  const { id, source } = await importOrThrow(context, reference);
  const { archives, folders, unfinished, cutOff } = await findSources(given, source);
  const [useless] = [...folders, ...unfinished];
  if (useless !== undefined) throw new UsageError(`${readablePath(useless)} is no archive, and holds none`);
  const incomplete = reportCutOff(context, cutOff);
  assertSomeWhole(archives, cutOff);
  const result = await sendArchives(context, archives, deviceId);
  const stopped = finishSending(context, result, incomplete);
  if (stopped !== undefined) return stopped;
  try {
    await client.addImportParts({ params: { id }, body: { hashes: result.hashes } }, { signal });
  } catch (error) {
    if (!hasCode(error, 'import_ended')) throw error;
    const again = nextCommand(context, 'import takeout <archives...>');
    throw new CliError(error.code, `import ${id} has ended; to start another one, run: ${again}`);
  }
  const more = { sent: result.sent, cutOff: incomplete };
  return unlessCutOff(await followOrLeave(context, id, { follow }, more), cutOff);
}

export interface PathOptions extends FollowOptions {
  source: ImportSource;
  restore?: boolean;
}

/** Imports an archive, or a folder of archives, that lies in IMPORT_DIR of the node. */
export async function importPath(
  context: Context,
  path: string,
  { source, restore = false, follow }: PathOptions,
): Promise<number> {
  const { client, output, signal } = context;
  await signedInAccount(context);
  const body = { source, path, ...(restore && { restore }) };
  const { importJobId: id } = await client.createImport({ body }, { signal });
  output.note(`Import ${id} has started.`);
  return followOrLeave(context, id, { follow });
}
