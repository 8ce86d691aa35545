import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import {
  type Client,
  createClient,
  createMemoryTokenStore,
  type PhotoToUpload,
  type TokenStore,
} from '../src/index.js';
import { addAccount, type FakeNode, startFakeNode } from '../src/testing/index.js';

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-client-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves when something is so. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

export const quickRetries = { retries: 4, minDelayMs: 5, maxDelayMs: 20 };

export interface SignedIn {
  node: FakeNode;
  client: Client;
  tokens: TokenStore;
  userId: string;
}

/** A fake node with one account, and a client that is signed in to it. */
export async function signedIn(): Promise<SignedIn> {
  const node = await startFakeNode();
  cleanups.push(() => node.close());
  const user = addAccount(node.state, 'ada@example.org', 'correct horse');
  const tokens = createMemoryTokenStore();
  const client = createClient({ baseUrl: node.url, tokens, retry: quickRetries });
  await client.signIn({ email: 'ada@example.org', password: 'correct horse' });
  return { node, client, tokens, userId: user.id };
}

/** A file of random bytes, ready to be uploaded. */
export async function somePhoto(
  bytes: Buffer = randomBytes(300_000),
): Promise<PhotoToUpload & { bytes: Buffer; path: string }> {
  const path = join(await temporaryFolder(), 'photo.jpg');
  await writeFile(path, bytes);
  return {
    bytes,
    path,
    source: { path },
    hash: sha256(bytes),
    sizeBytes: bytes.length,
    mimeType: 'image/jpeg',
    fileName: 'photo.jpg',
  };
}
