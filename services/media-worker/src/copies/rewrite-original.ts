import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ACCEPTED_TYPES, type CopyRequest } from '@lazyphotos/contracts';
import { type ObjectInfo, type ObjectStore, withLocalFile } from '@lazyphotos/object-storage';
import type { MetadataTool } from '../pipeline/metadata/exiftool.js';
import { embedEdits } from './embedded.js';
import { CopyUnsupportedError, type Rewrite, removeLocation, removeOwner } from './remove-tags.js';

export interface RewriteDeps {
  store: ObjectStore;
  tool: MetadataTool;
  scratchDir: string;
}

/**
 * Makes the requested copy and stores it under `key`. Resolves to false, without storing anything, if the original needs no change.
 * @throws CopyUnsupportedError; ObjectNotFoundError when the original does not exist
 */
export async function rewriteOriginal(
  { store, tool, scratchDir }: RewriteDeps,
  request: CopyRequest,
  key: string,
): Promise<boolean> {
  const info = await store.head(request.storageKey);
  return withLocalFile(store, request.storageKey, scratchDir, async (original) => {
    // Named like local copies of objects, so that the next start removes those that a crash leaves behind.
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

/** exiftool recognizes the format of a file that it writes by the extension. */
function extensionOf(mimeType: string): string {
  const extension = ACCEPTED_TYPES.find((type) => type.mimeType === mimeType)?.extensions[0];
  if (extension === undefined) throw new CopyUnsupportedError(`${mimeType} is not a type of photo`);
  return extension;
}

/** Compares exiftool's digest of the data that are not metadata (ImageDataHash); GIF has none. */
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
