import { type LocalPath, readableName } from '../local-path.js';
import { type DetectedType, isMediaName, isOtherMediaName } from './photo-type.js';

/** Why a file below the folder is not backed up although nothing failed. */
export const leftOutReasons = [
  /** A picture or video of a type that the node does not accept. */
  'unsupported_type',
  /** Named like a photo, but the content is not one: damaged, or something else. */
  'misnamed',
  /** Another program has not written all of it yet. */
  'unfinished_transfer',
  /** A placeholder for a photo that is not on this computer. */
  'online_only',
  'empty',
  /** A link to nowhere. */
  'broken_link',
  /** The name, or that of a folder above, begins with a dot. */
  'hidden',
  /** In a folder of a NAS, a desktop or a file system: thumbnails, bins, snapshots. */
  'system_folder',
  /** A link to a folder that is walked anyway, or a folder that a link led to before. */
  'already_walked',
  /** A socket, a pipe or a device. */
  'special_file',
  'not_a_photo',
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];

export interface LeftOut {
  path: LocalPath;
  reason: LeftOutReason;
  /** What the magic bytes say, for `unsupported_type`. */
  mimeType?: string | undefined;
}

/** A folder that was not walked, with what lies in it. */
export interface SkippedFolder {
  path: LocalPath;
  reason: LeftOutReason;
  files: number;
  /** Files that are named like pictures or videos. */
  photos: number;
  /** False when it could not be read as a whole, or when more files than can be listed were left out. */
  complete: boolean;
}

/** Why a file without an accepted type is left out. */
export function reasonByContent(path: LocalPath, { sniffed }: DetectedType): Omit<LeftOut, 'path'> {
  const name = readableName(path);
  if (sniffed?.startsWith('image/') || sniffed?.startsWith('video/'))
    return { reason: 'unsupported_type', mimeType: sniffed };
  if (sniffed === undefined && isOtherMediaName(name))
    return { reason: 'unsupported_type', mimeType: `unknown (${name.slice(name.lastIndexOf('.'))})` };
  return { reason: isMediaName(name) ? 'misnamed' : 'not_a_photo' };
}
