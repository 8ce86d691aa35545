import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolderDurably, writeFileDurably } from '@lazyphotos/system';
import { z } from 'zod';
import type { KeyStore, SigningJwk } from './key-ring.js';

const OWNER_ONLY = 0o700;

const coordinate = z.base64url().length(43);
const signingJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  kid: z.uuid(),
  x: coordinate,
  y: coordinate,
  d: coordinate,
});

/** Names the invalid file, without its content. */
export class KeyFileError extends Error {
  readonly code = 'invalid_key_file';
  constructor(file: string) {
    super(`${file} is not a signing key. Remove it, or put the right one back.`);
    this.name = 'KeyFileError';
  }
}

function parse(file: string, content: string): SigningJwk {
  try {
    return signingJwk.parse(JSON.parse(content));
  } catch {
    throw new KeyFileError(file);
  }
}

/** Stores each key in `<kid>.json`, which only the service's user can read. @throws KeyFileError */
export function createFileKeyStore(folder: string): KeyStore {
  return {
    load: async () => {
      await makeFolderDurably(folder, OWNER_ONLY);
      const names = (await readdir(folder)).filter((name) => /^[^.].*\.json$/.test(name));
      return Promise.all(
        names.map(async (name) => {
          const file = join(folder, name);
          return parse(file, await readFile(file, 'utf8'));
        }),
      );
    },
    save: async (key) => {
      await makeFolderDurably(folder, OWNER_ONLY);
      // The folder may have existed before, with other permissions.
      await chmod(folder, OWNER_ONLY);
      await writeFileDurably(join(folder, `${key.kid}.json`), `${JSON.stringify(key)}\n`);
    },
  };
}
