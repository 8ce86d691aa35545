import type { ImportSource } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../context.js';
import { UsageError } from '../errors.js';
import { count } from '../format.js';
import { type FoundSources, findSources } from '../import/find-archives.js';
import { type FollowOptions, assertSomeWhole, finishSending, followOrLeave, reportCutOff, unlessCutOff } from '../import/job.js';
import { sendArchives, startImport } from '../import/send-archives.js';
import { readableName, readablePath } from '../local-path.js';
import { type UnpackedOptions, importUnpacked } from '../unpacked/import-unpacked.js';

export interface ImportOptions extends FollowOptions {
  restore?: boolean;
}

export type TakeoutOptions = ImportOptions & UnpackedOptions;

/** Imports an export of Google Photos: archives on the node, or photo by photo from a folder that it was unpacked into. */
export async function importTakeout(
  context: Context,
  given: readonly string[],
  options: TakeoutOptions,
): Promise<number> {
  const sources = await findSources(given, 'takeout');
  const { archives, folders, unfinished, cutOff } = sources;
  if (archives.length + cutOff.length > 0 && folders.length > 0)
    throw new UsageError(
      `${folders.map(readablePath).join(', ')} holds no archive; import archives and unpacked folders one after the other`,
    );
  for (const path of unfinished) context.output.note(`Not downloaded to its end: ${readableName(path)}`);
  if (folders.length > 0) return importUnpacked(context, folders, options);
  return sendAndImport(context, sources, 'takeout', options);
}

/** Imports ZIPs of photos, with XMP files beside them, if any. */
export async function importZip(
  context: Context,
  given: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const sources = await findSources(given, 'folder');
  const { folders, unfinished } = sources;
  const [folder] = folders;
  if (folder !== undefined)
    throw new UsageError(
      `${readablePath(folder)} holds no archive; to back up the photos in a folder, run: ${nextCommand(context, 'upload <folder>')}`,
    );
  for (const path of unfinished) context.output.note(`Not downloaded to its end: ${readableName(path)}`);
  return sendAndImport(context, sources, 'folder', options);
}

async function sendAndImport(
  context: Context,
  { archives, unfinished, cutOff }: FoundSources,
  source: ImportSource,
  { restore = false, follow }: ImportOptions,
): Promise<number> {
  const incomplete = reportCutOff(context, cutOff);
  assertSomeWhole(archives, cutOff);
  if (archives.length === 0)
    throw new UsageError(
      `${count(unfinished.length, 'archive')} not downloaded to the end, and no other one`,
    );
  const { deviceId } = await signedInAccount(context);
  const result = await sendArchives(context, archives, deviceId);
  const stopped = finishSending(context, result, incomplete);
  if (stopped !== undefined) return stopped;
  const { id } = await startImport(context, { source, hashes: result.hashes, restore });
  const more = { sent: result.sent, cutOff: incomplete };
  return unlessCutOff(await followOrLeave(context, id, { follow }, more), cutOff);
}
