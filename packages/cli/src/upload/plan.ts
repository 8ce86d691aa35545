import type { HashCache } from './hash-cache.js';
import { detectPhotoType } from './photo-type.js';
import { type FoundFile, walk } from './walk.js';

export interface PlannedPhoto extends FoundFile {
  mimeType: string;
}

export interface Plan {
  photos: PlannedPhoto[];
  bytes: number;
  /** Paths of files that are no photos. */
  ignored: string[];
  /** What could not be looked at. */
  problems: { path: string; error: unknown }[];
}

export interface PlanOptions {
  cache: HashCache;
  signal: AbortSignal;
  onFound?(photos: number): void;
  detect?: (path: string) => Promise<string | undefined>;
}

/** Finds the photos below a folder by what is in the files. Only paths, sizes and types are held in memory. */
export async function planUpload(root: string, options: PlanOptions): Promise<Plan> {
  const { cache, signal, onFound, detect = detectPhotoType } = options;
  const plan: Plan = { photos: [], bytes: 0, ignored: [], problems: [] };
  const onProblem = (path: string, error: unknown) => void plan.problems.push({ path, error });
  for await (const file of walk(root, { signal, onProblem })) {
    signal.throwIfAborted();
    try {
      const mimeType =
        file.sizeBytes === 0 ? undefined : (cache.get(file)?.mimeType ?? (await detect(file.path)));
      if (mimeType === undefined) plan.ignored.push(file.path);
      else {
        plan.photos.push({ ...file, mimeType });
        plan.bytes += file.sizeBytes;
        onFound?.(plan.photos.length);
      }
    } catch (error) {
      onProblem(file.path, error);
    }
  }
  return plan;
}
