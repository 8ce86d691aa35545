import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { acceptedTypes, type CopyRequest } from '@lazyphotos/contracts';
import { type ObjectInfo, type ObjectStore, withLocalFile } from '@lazyphotos/object-storage';
import type { MetadataTool } from '../pipeline/metadata/exiftool.js';
import { embedEdits } from './embedded.js';
import { CopyUnsupportedError } from './errors.js';
import { removeLocation, removeOwner } from './shareable.js';
import type { Rewrite } from './write-without.js';

export interface RewriteDeps {
  store: ObjectStore;
  tool: MetadataTool;
  scratchDir: string;
}

/**
 * Makes the copy that is asked for and stores it under `key`. Resolves to false, without storing anything, if the original is what is
 * asked for already.
 * @throws CopyUnsupportedError; ObjectNotFoundError when the original is not there
 */
export async function rewriteOriginal(
  { store, tool, scratchDir }: RewriteDeps,
  request: CopyRequest,
  key: string,
): Promise<boolean> {
  const info = await store.head(request.storageKey);
  return withLocalFile(store, request.storageKey, scratchDir, async (original) => {
    // Named like copies of objects, so that those which a crash leaves behind are removed with them.
    const name = join(scratchDir, `object-${randomUUID()}`);
    const extension = extensionOf(request.mimeType);
    const { mimeType } = request;
    const rewrite: Rewrite = {
      source: `${name}.${extension}`,
      target: `${name}-copy.${extension}`,
      scratch: `${name}-inside`,
      mimeType,
    };
    try {
      await symlink(original, rewrite.source);
      const isChanged = await write(tool, rewrite, request);
      if (!isChanged) return false;
      await checkPixels(tool, rewrite);
      await save(store, key, rewrite.target, info);
      return true;
    } finally {
      for (const file of [rewrite.source, rewrite.target, rewrite.scratch]) await rm(file, { force: true });
    }
  });
}

function write(tool: MetadataTool, rewrite: Rewrite, request: CopyRequest): Promise<boolean> {
  switch (request.kind) {
    case 'embedded':
      return embedEdits(tool, rewrite, request.edits);
    case 'without-location':
      return removeLocation(tool, rewrite);
    case 'without-owner':
      return removeOwner(tool, rewrite);
  }
}

/** exiftool takes a file for what its name says. */
function extensionOf(mimeType: string): string {
  const extension = acceptedTypes.find((type) => type.mimeType === mimeType)?.extensions[0];
  if (extension === undefined) throw new CopyUnsupportedError(`${mimeType} is no type of photo`);
  return extension;
}

/** exiftool's digest of what is not metadata (its tag ImageDataHash); it has none for GIF. */
async function checkPixels(tool: MetadataTool, { source, target }: Rewrite): Promise<void> {
  const digestOf = async (path: string) => (await tool.readTags(path, ['-ImageDataHash'])).ImageDataHash;
  if ((await digestOf(source)) !== (await digestOf(target))) {
    throw new CopyUnsupportedError('The pixels would not stay the same');
  }
}

async function save(store: ObjectStore, key: string, path: string, original: ObjectInfo): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const metadata = { ...original.metadata, sha256: hash.digest('hex') };
  await store.put(key, createReadStream(path), { contentType: original.contentType, metadata });
}
