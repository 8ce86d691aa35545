import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type FolderFiles, type FolderMatches, matchFolder } from './match-folder.js';

/** Up to this many files are matched at once; more would hold up everything else that the process does. */
const MAX_FILES_HERE = 1000;

/** The same as `matchFolder`, in a thread of its own where the folder is large. */
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
