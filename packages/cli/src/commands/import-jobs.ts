import { hasCode } from '@lazyphotos/client';
import type { ImportJob, ImportSource } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { CliError, exitCodes } from '../errors.js';
import { archivesOf, type FollowOptions, followOrLeave, jobColumns, jobLines } from '../import/job.js';
import { importOrThrow } from '../library/find.js';
import { printList } from '../library/listing.js';

/** Lists imports, the newest first. */
export async function listImports(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, signal } = context;
  await signedInAccount(context);
  return printList(context, {
    limit,
    field: 'imports',
    page: (query) => client.listImports({ query }, { signal }),
    empty: 'You have no imports.',
    columns: jobColumns,
  });
}

/** Prints the progress of an import, or follows it to its end. */
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

type ImportChange = 'pause' | 'resume' | 'cancel';

/** Pauses, resumes or cancels an import. A repetition changes nothing. */
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
    output.note('The imported photos stay.');
    await printJob(context, await client.getImport({ params }, { signal }));
    return exitCodes.ok;
  }
  const call = change === 'pause' ? client.pauseImport : client.resumeImport;
  try {
    await printJob(context, await call({ params }, { signal }));
  } catch (error) {
    if (!hasCode(error, 'import_ended')) throw error;
    throw new CliError(error.code, `import ${id} has ended; you cannot ${change} it`);
  }
  return exitCodes.ok;
}

interface PathOptions extends FollowOptions {
  source: ImportSource;
  restore?: boolean;
}

/** Imports an archive, or a folder of archives, from IMPORT_DIR of the node. */
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
