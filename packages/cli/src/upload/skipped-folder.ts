import { joinPath, type LocalPath, readableText } from '../local-path.js';
import type { LeftOut, LeftOutReason, SkippedFolder } from './left-out.js';
import { isMediaName } from './photo-type.js';
import type { FileSystem } from './walk.js';

/** Files in skipped folders that one run lists. The thumbnails of a NAS can be several times as many as its photos. */
export const MAX_COUNTED_FILES = 100_000;

export interface CountOptions {
  fileSystem: FileSystem;
  signal: AbortSignal | undefined;
  limit: number;
  onLeftOut(leftOut: LeftOut): void;
}

/** Lists what lies in a folder that is not walked, by name, without opening a file or following a link. */
export async function countSkipped(
  { path, reason }: { path: LocalPath; reason: LeftOutReason },
  { fileSystem, signal, limit, onLeftOut }: CountOptions,
): Promise<SkippedFolder> {
  const skipped: SkippedFolder = { path, reason, files: 0, photos: 0, complete: true };
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await fileSystem.names(folder).catch(() => undefined);
    if (names === undefined) skipped.complete = false;
    for (const name of names?.sort(Buffer.compare) ?? []) {
      signal?.throwIfAborted();
      if (skipped.files >= limit) return { ...skipped, complete: false };
      const child = joinPath(folder, name);
      const stats = await fileSystem.lstat(child).catch(() => undefined);
      if (stats?.isDirectory()) folders.push(child);
      else {
        skipped.files += 1;
        if (isMediaName(readableText(name))) skipped.photos += 1;
        onLeftOut({ path: child, reason });
      }
    }
  }
  return skipped;
}
