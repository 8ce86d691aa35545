import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolderDurably, writeFileDurably } from '@lazyphotos/system';

/** Where the claim code is stored: a place that only the person who runs the node can read. */
export interface ClaimCodeStore {
  /** The place, in words that help to find it. */
  readonly location: string;
  read(): Promise<string | undefined>;
  /** Once this resolves, the code survives a power cut. */
  write(code: string): Promise<void>;
  /** Does nothing when there is no code. */
  remove(): Promise<void>;
}

/** Stores the code in `<dataDir>/claim-code.txt`, which only the service's user can read. An empty file counts as no code. */
export function createFileClaimCodeStore(dataDir: string): ClaimCodeStore {
  const location = join(resolve(dataDir), 'claim-code.txt');
  return {
    location,
    read: async () => {
      try {
        return (await readFile(location, 'utf8')).trim() || undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write: async (code) => {
      await makeFolderDurably(dataDir);
      await writeFileDurably(location, `${code}\n`);
    },
    remove: () => rm(location, { force: true }),
  };
}
