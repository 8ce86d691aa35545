import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { matchSidecars } from './matching/takeout.js';
import { pairVideos } from './matching/videos.js';
import { matchXmp } from './matching/xmp.js';
import type { Match, NamedFile, NamedSidecar, VideoPair } from './types.js';

/** Larger folders are matched in a thread, so that the process can do other work meanwhile. */
const MAX_FILES_HERE = 1000;

/** The files of one folder, from all parts of the export. */
export interface FolderFiles {
  source: 'takeout' | 'folder';
  media: NamedFile<bigint>[];
  sidecars: NamedSidecar<bigint>[];
}

export interface FolderMatches {
  matches: Match<bigint>[];
  pairs: VideoPair<bigint>[];
}

/** Returns which files of a folder belong together. */
export function matchFolder({ source, media, sidecars }: FolderFiles): FolderMatches {
  const match = source === 'takeout' ? matchSidecars<bigint> : matchXmp<bigint>;
  return { matches: match(media, sidecars), pairs: pairVideos(media) };
}

/** As `matchFolder`; in a thread if the folder is large. */
export async function matchFolderInThread(folder: FolderFiles): Promise<FolderMatches> {
  if (folder.media.length + folder.sidecars.length <= MAX_FILES_HERE) return matchFolder(folder);
  const worker = new Worker(new URL('./thread-worker.js', import.meta.url), { workerData: folder });
  try {
    const [matches] = (await once(worker, 'message')) as [FolderMatches];
    return matches;
  } finally {
    await worker.terminate();
  }
}
