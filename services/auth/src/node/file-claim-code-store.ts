import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writePrivateFile } from '../private-files.js';
import type { ClaimCodeStore } from './claim-code-store.js';

/** `<dataDir>/claim-code.txt`, readable by the service's user only. An empty file counts as none. */
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
      await mkdir(dataDir, { recursive: true });
      await writePrivateFile(location, `${code}\n`);
    },
    remove: () => rm(location, { force: true }),
  };
}
