import { canonicalMimeType } from '@lazyphotos/contracts';
import { type LocalPath, readableName } from '../local-path.js';
import { isCutOff } from './cut-off.js';
import type { HashCache, KnownFile } from './hash-cache.js';
import { type LeftOut, reasonByContent, type SkippedFolder } from './left-out.js';
import { type DetectedType, detectPhotoType } from './photo-type.js';
import { mayBeUnfinished } from './unfinished-transfers.js';
import { type FoundFile, walk } from './walk.js';

export interface PlannedPhoto extends FoundFile {
  mimeType: string;
}

export interface Plan {
  photos: PlannedPhoto[];
  bytes: number;
  /** All other files below the folder, with the reason. */
  leftOut: LeftOut[];
  skippedFolders: SkippedFolder[];
  /** Files and folders that could not be read. */
  problems: { path: LocalPath; error: unknown }[];
}

export interface PlanOptions {
  cache: HashCache;
  signal: AbortSignal;
  onFound?(photos: number): void;
  detect?: (path: LocalPath) => Promise<DetectedType>;
}

/** Finds the photos below a folder by their content. Only paths, states and types are in memory. */
export async function planUpload(root: LocalPath, options: PlanOptions): Promise<Plan> {
  const { cache, signal, onFound, detect = detectPhotoType } = options;
  const plan: Plan = { photos: [], bytes: 0, leftOut: [], skippedFolders: [], problems: [] };
  const onProblem = (path: LocalPath, error: unknown) => void plan.problems.push({ path, error });
  const files = walk(root, {
    signal,
    onProblem,
    onLeftOut: (leftOut) => void plan.leftOut.push(leftOut),
    onSkippedFolder: (folder) => void plan.skippedFolders.push(folder),
  });
  for await (const file of files) {
    signal.throwIfAborted();
    try {
      const found = await lookInto(file, cache, detect);
      if ('reason' in found) plan.leftOut.push(found);
      else {
        plan.photos.push(found);
        plan.bytes += file.sizeBytes;
        onFound?.(plan.photos.length);
      }
    } catch (error) {
      onProblem(file.path, error);
    }
  }
  return plan;
}

/** The cache also contains imported archives. */
function knownPhoto(file: FoundFile, cache: HashCache): KnownFile | undefined {
  const known = cache.get(file);
  return known !== undefined && canonicalMimeType(known.mimeType) !== undefined ? known : undefined;
}

async function lookInto(
  file: FoundFile,
  cache: HashCache,
  detect: (path: LocalPath) => Promise<DetectedType>,
): Promise<PlannedPhoto | LeftOut> {
  const { path } = file;
  if (file.sizeBytes === 0) return { path, reason: 'empty' };
  const known = knownPhoto(file, cache);
  const type = known === undefined ? await detect(path) : { accepted: known.mimeType, sniffed: undefined };
  if (type.accepted === undefined) return { path, ...reasonByContent(path, type) };
  if (mayBeUnfinished(readableName(path)) && (await isCutOff(path)))
    return { path, reason: 'unfinished_transfer' };
  return { ...file, mimeType: type.accepted };
}
