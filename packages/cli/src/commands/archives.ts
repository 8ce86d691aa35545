import { hasCode } from '@lazyphotos/client';
import type { Archive, ImportJob } from '@lazyphotos/contracts';
import { type Context, signedInAccount } from '../context.js';
import { CliError, type ErrorReport, exitCodes, reportOf, UsageError } from '../errors.js';
import { count, formatBytes, formatLocalTime } from '../format.js';
import { archivePages, archivesOf, totalBytes } from '../import/job.js';
import { importOrThrow, isBeginningOf, notFound, theOnly, unlessNotFound } from '../library/find.js';
import { printList } from '../library/listing.js';

/** Lists the archives on the node, the newest first. */
export async function listArchives(context: Context, { limit }: { limit: number }): Promise<number> {
  const { client, signal } = context;
  await signedInAccount(context);
  return printList(context, {
    limit,
    field: 'archives',
    page: (query) => client.listArchives({ query }, { signal }),
    empty: 'The node has no archives.',
    columns: ({ id, fileName, sizeBytes, uploadedAt, importIds }) => [
      fileName,
      formatBytes(sizeBytes),
      formatLocalTime(uploadedAt),
      importIds.length === 0 ? 'not imported' : count(importIds.length, 'import'),
      id,
    ],
  });
}

interface DeleteArchivesOptions {
  archive?: string[];
  yes?: boolean;
}

/** Deletes the archives of an import, or the named archives. Their photos stay. */
export async function deleteArchives(
  context: Context,
  importReference: string | undefined,
  { archive: references = [], yes = false }: DeleteArchivesOptions,
): Promise<number> {
  const { output, prompts } = context;
  if ((importReference === undefined) === (references.length === 0))
    throw new UsageError('give an import, or --archive <id>');
  await signedInAccount(context);
  const job = importReference === undefined ? undefined : await importOrThrow(context, importReference);
  const archives =
    job === undefined ? await archivesOrThrow(context, references) : await archivesOf(context, job.id);
  if (archives.length === 0) {
    output.line('The node has no archives of this import.');
    output.document({ deleted: 0, bytes: 0, failed: 0, failures: [] });
    return exitCodes.ok;
  }
  const what = `${count(archives.length, 'archive')} (${formatBytes(totalBytes(archives))})`;
  for (const { fileName, sizeBytes } of archives) output.note(`${fileName}, ${formatBytes(sizeBytes)}`);
  for (const line of notImportedLines(job === undefined ? await importsOf(context, archives) : [job]))
    output.note(line);
  const question = `Delete ${what} from the node? The photos stay; files that were not imported are lost.`;
  if (!yes && !(await prompts.confirm(question, '--yes')))
    throw new CliError('not_confirmed', 'nothing was deleted');
  return deleteAll(context, archives);
}

/** The imports that read archives. */
async function importsOf({ client, signal }: Context, archives: readonly Archive[]): Promise<ImportJob[]> {
  const ids = new Set(archives.flatMap(({ importIds }) => importIds));
  const jobs: ImportJob[] = [];
  for (const id of ids) {
    const job = await unlessNotFound(client.getImport({ params: { id } }, { signal }));
    if (job !== undefined) jobs.push(job);
  }
  return jobs;
}

/** Returns, for each import, how many of its files are only in its archives. */
function notImportedLines(jobs: readonly ImportJob[]): string[] {
  return jobs
    .filter(({ unsupported, failed }) => unsupported + failed > 0)
    .map(
      ({ id, unsupported, failed }) =>
        `Import ${id} has ${unsupported} unsupported (such as videos) and ${failed} failed ` +
        'files. On the node, only its archives contain them: an archive is deleted with these files.',
    );
}

async function deleteAll({ client, output, signal }: Context, archives: Archive[]): Promise<number> {
  const deleted: Archive[] = [];
  const failures: (ErrorReport & { id: string; fileName: string })[] = [];
  for (const archive of archives) {
    const { id, fileName } = archive;
    try {
      await client.deleteArchive({ params: { id } }, { signal });
      deleted.push(archive);
    } catch (error) {
      // Another run has deleted it.
      if (hasCode(error, 'not_found')) deleted.push(archive);
      else if (hasCode(error, 'archive_in_use')) failures.push({ id, fileName, ...reportOf(error) });
      else throw error;
    }
  }
  const bytes = totalBytes(deleted);
  output.line(`Deleted ${count(deleted.length, 'archive')} (${formatBytes(bytes)}).`);
  output.document({ deleted: deleted.length, bytes, failed: failures.length, failures });
  if (output.mode !== 'json')
    for (const { fileName, message } of failures) output.error(`${fileName}: ${message}`);
  return failures.length > 0 ? exitCodes.failed : exitCodes.ok;
}

/** Resolves to archives by id, its first digits or file name, each once. @throws CliError `not_found`, `ambiguous` */
async function archivesOrThrow(context: Context, references: readonly string[]): Promise<Archive[]> {
  const all: Archive[] = [];
  for await (const { archives } of archivePages(context)) all.push(...archives);
  const found = references.map((reference) => {
    const matches = all.filter(
      ({ id, fileName }) => id === reference || fileName === reference || isBeginningOf(reference, id),
    );
    const archive = theOnly(reference, matches, ({ fileName }) => fileName);
    if (archive === undefined) throw notFound(context, `archive "${reference}"`, 'import archives');
    return archive;
  });
  return [...new Set(found)];
}
