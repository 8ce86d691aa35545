import type { ImportSource } from '@lazyphotos/contracts';
import { type Context, nextCommand, signedInAccount } from '../../context.js';
import { UsageError } from '../../errors.js';
import { count } from '../../format.js';
import { findSources } from '../../import/find-archives.js';
import { sendArchives } from '../../import/send-archives.js';
import { startImport } from '../../import/start-import.js';
import { readableName, readablePath } from '../../local-path.js';
import { importUnpacked, type UnpackedOptions } from '../../unpacked/import-unpacked.js';
import { type FollowOptions, finishSending, followOrLeave } from './ending.js';

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
  const { archives, folders, unfinished } = await findSources(given, 'takeout');
  if (archives.length > 0 && folders.length > 0)
    throw new UsageError(
      `${folders.map(readablePath).join(', ')} holds no archive; import archives and unpacked folders one after the other`,
    );
  for (const path of unfinished) context.output.note(`Not downloaded to its end: ${readableName(path)}`);
  if (folders.length > 0) return importUnpacked(context, folders, options);
  return sendAndImport(context, archives, 'takeout', { ...options, unfinished: unfinished.length });
}

/** Imports ZIPs of photos, with XMP files beside them, if any. */
export async function importZip(
  context: Context,
  given: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const { archives, folders, unfinished } = await findSources(given, 'folder');
  const [folder] = folders;
  if (folder !== undefined)
    throw new UsageError(
      `${readablePath(folder)} holds no archive; to back up the photos in a folder, run: ${nextCommand(context, 'upload <folder>')}`,
    );
  for (const path of unfinished) context.output.note(`Not downloaded to its end: ${readableName(path)}`);
  return sendAndImport(context, archives, 'folder', { ...options, unfinished: unfinished.length });
}

async function sendAndImport(
  context: Context,
  archives: Awaited<ReturnType<typeof findSources>>['archives'],
  source: ImportSource,
  { unfinished, restore = false, follow }: ImportOptions & { unfinished: number },
): Promise<number> {
  if (archives.length === 0)
    throw new UsageError(`${count(unfinished, 'archive')} not downloaded to the end, and no other one`);
  const { deviceId } = await signedInAccount(context);
  const result = await sendArchives(context, archives, deviceId);
  const stopped = finishSending(context, result);
  if (stopped !== undefined) return stopped;
  const { id } = await startImport(context, { source, hashes: result.hashes, restore });
  return followOrLeave(context, id, { follow }, { sent: result.sent });
}
