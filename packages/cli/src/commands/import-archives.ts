import { hasCode } from '@lazyphotos/client';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { CliError, exitCodes, InterruptedError, reportOf, UsageError } from '../errors.js';
import { count } from '../format.js';
import { type FoundSources, findSources } from '../import/find-archives.js';
import { type FollowOptions, followOrLeave } from '../import/job.js';
import { sendArchives, sendingError, sentLine, startImport } from '../import/send-archives.js';
import { importOrThrow } from '../library/find.js';
import { readableName, readablePath } from '../local-path.js';
import { importUnpacked, type UnpackedOptions } from '../unpacked/import-unpacked.js';

interface ImportOptions extends FollowOptions {
  restore?: boolean;
}

/** Imports a Google Photos export: archives on the node, or photo by photo from an unpacked folder. */
export async function importTakeout(
  context: Context,
  given: readonly string[],
  options: ImportOptions & UnpackedOptions,
): Promise<number> {
  const sources = await findSources(given, 'takeout');
  const { archives, folders, unfinished, cutOff } = sources;
  const paths = folders.map(readablePath).join(', ');
  if (archives.length + cutOff.length > 0 && folders.length > 0)
    throw new UsageError(
      `${paths} contains no archive; import archives and unpacked folders with separate commands`,
    );
  if (folders.length === 0) return importFound(context, 'takeout', sources, options);
  noteUnfinished(context, unfinished);
  return importUnpacked(context, folders, options);
}

/** Imports ZIPs of photos, which may have XMP sidecars. */
export async function importZip(
  context: Context,
  given: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const sources = await findSources(given, 'folder');
  const [folder] = sources.folders;
  if (folder !== undefined)
    throw new UsageError(
      `${readablePath(folder)} contains no archive; to back up the photos in a folder, run: ${nextCommand(context, 'upload <folder>')}`,
    );
  return importFound(context, 'folder', sources, options);
}

/** Uploads more archives of the same export and adds them to an import. */
export async function addToImport(
  context: Context,
  reference: string,
  given: readonly string[],
  options: FollowOptions,
): Promise<number> {
  const { client, signal } = context;
  await signedInAccount(context);
  const { id, source } = await importOrThrow(context, reference);
  const sources = await findSources(given, source);
  const [useless] = [...sources.folders, ...sources.unfinished];
  if (useless !== undefined)
    throw new UsageError(`${readablePath(useless)} is not an archive and contains none`);
  return sendThenImport(context, sources, options, async (hashes) => {
    try {
      await client.addImportParts({ params: { id }, body: { hashes } }, { signal });
      return id;
    } catch (error) {
      if (!hasCode(error, 'import_ended')) throw error;
      const again = nextCommand(context, 'import takeout <archives...>');
      throw new CliError(error.code, `import ${id} has ended; to start a new import, run: ${again}`);
    }
  });
}

function noteUnfinished({ output }: Context, unfinished: FoundSources['unfinished']): void {
  for (const path of unfinished) output.note(`Not downloaded completely: ${readableName(path)}`);
}

async function importFound(
  context: Context,
  source: 'takeout' | 'folder',
  sources: FoundSources,
  options: ImportOptions,
): Promise<number> {
  const { archives, unfinished, cutOff } = sources;
  noteUnfinished(context, unfinished);
  if (archives.length + cutOff.length === 0)
    throw new UsageError(
      `${count(unfinished.length, 'archive')} not downloaded completely, and no complete one`,
    );
  const { restore = false } = options;
  return sendThenImport(context, sources, options, (hashes) =>
    startImport(context, { source, hashes, restore }),
  );
}

/** Sends archives, starts their import when all are on the node, and follows it. Resolves to the exit code. */
async function sendThenImport(
  context: Context,
  { archives, cutOff }: FoundSources,
  { follow }: FollowOptions,
  start: (hashes: string[]) => Promise<string>,
): Promise<number> {
  const { output } = context;
  for (const path of cutOff)
    output.error(`${readablePath(path)}: the download was cut off: download it again`);
  if (archives.length === 0)
    throw new CliError('archive_truncated', 'nothing was sent: no archive is complete');
  const { deviceId } = await signedInAccount(context);
  const result = await sendArchives(context, archives, deviceId);
  const more = { sent: result.sent, cutOff: cutOff.map(readablePath) };
  const error = sendingError(result);
  if (error !== undefined) {
    output.document({ ...more, import: null });
    if (error instanceof InterruptedError) {
      const { uploaded, existing, left } = result.sent;
      const done = `${uploaded} uploaded, ${existing} there already, ${left} left`;
      output.error(`Interrupted: ${done}. The import has not started; the same command continues.`);
      return error.exitCode;
    }
    output.error(reportOf(error).message);
    return exitCodes.failed;
  }
  output.line(sentLine(result.sent));
  const exitCode = await followOrLeave(context, await start(result.hashes), { follow }, more);
  return exitCode === exitCodes.ok && cutOff.length > 0 ? exitCodes.failed : exitCode;
}
