import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { eventually, type FaultProxy, sharedNode, startFaultProxy } from '@lazyphotos/testkit';
import {
  type Client,
  createClient,
  createMemoryTokenStore,
  type PhotoToUpload,
  type TokenStore,
  uploadPhoto,
} from '../src/index.js';

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

/** Resolves when something is so. */
export const until = (condition: () => boolean): Promise<void> =>
  eventually(
    () => {
      if (!condition()) throw new Error(`not yet: ${condition}`);
    },
    { intervalMs: 5 },
  );

export const quickRetries = { retries: 4, minDelayMs: 5, maxDelayMs: 20 };

export interface SignedIn {
  /** The proxy in front of the real node. */
  node: FaultProxy;
  /** Goes through the proxy. */
  client: Client;
  /** The same session without the proxy: what it does is neither counted nor disturbed. */
  direct: Client;
  tokens: TokenStore;
  userId: string;
  email: string;
}

/** A new account on the real node, and a client that is signed in to it through a proxy of the test's own. */
export async function signedIn(): Promise<SignedIn> {
  const { url } = sharedNode();
  const node = await startFaultProxy(url);
  cleanups.push(() => node.close());
  const account = { email: `${crypto.randomUUID()}@example.org`, password: 'correct horse' };
  const tokens = createMemoryTokenStore();
  const client = createClient({ baseUrl: node.url, tokens, retry: quickRetries });
  const { user } = await client.register({ body: account });
  await client.signIn(account);
  const direct = createClient({ baseUrl: url, tokens: createMemoryTokenStore(await tokens.read()) });
  return { node, client, direct, tokens, userId: user.id, email: account.email };
}

/** Bytes that are taken for a JPEG by their beginning. */
export const jpeg = (size: number): Buffer =>
  Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(size - 10)]);

export interface LocalPhoto {
  photo: PhotoToUpload;
  bytes: Buffer;
  path: string;
}

/** A file, ready to be uploaded. */
export async function somePhoto(bytes: Buffer = jpeg(300_000), fileName = 'photo.jpg'): Promise<LocalPhoto> {
  const path = join(await temporaryFolder(), 'photo.jpg');
  await writeFile(path, bytes);
  return { photo: { ...describe(bytes, fileName), source: { path } }, bytes, path };
}

function describe(bytes: Buffer, fileName: string): Omit<PhotoToUpload, 'source'> {
  const mimeType = fileName.endsWith('.zip') ? 'application/zip' : 'image/jpeg';
  return { hash: sha256(bytes), sizeBytes: bytes.length, mimeType, fileName };
}

/** A source that is no file. */
export const sourceOf = (bytes: Buffer): PhotoToUpload['source'] => ({
  async *open(start: number, end: number) {
    yield bytes.subarray(start, end);
  },
});

/** Uploads a photo. Resolves to its id. */
export async function addPhoto(client: Client, bytes: Buffer = jpeg(1000), name?: string): Promise<string> {
  const result = await uploadPhoto(client, (await somePhoto(bytes, name)).photo);
  if (result.photoId === undefined) throw new Error(`no photo: ${JSON.stringify(result)}`);
  return result.photoId;
}

/** The bytes of the only photo that an account has. */
export async function onlyOriginal(client: Client): Promise<Buffer> {
  const { photos } = await client.listPhotos();
  const [photo, ...others] = photos;
  if (photo === undefined || others.length > 0) throw new Error(`${photos.length} photos`);
  const { url } = await client.downloadPhoto({ params: { id: photo.id }, query: { size: 'original' } });
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

/** Uploads an archive. Resolves to its hash. */
export async function addArchive(client: Client, bytes: Buffer, fileName = 'a.zip'): Promise<string> {
  const { photo } = await somePhoto(bytes, fileName);
  await uploadPhoto(client, photo);
  return photo.hash;
}
