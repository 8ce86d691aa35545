import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  type Client,
  createClient,
  createMemoryTokenStore,
  hasEnded,
  photoPages,
  uploadPhoto,
} from '@lazyphotos/client';
import type { ImportJob, Photo } from '@lazyphotos/contracts';
import { eventually, type FaultProxy, sharedNode, startFaultProxy, storedZip } from '@lazyphotos/testkit';
import { run } from '../src/program.js';
import { cleanups, sha256, temporaryFolder } from './local-files.js';

export { jpeg, sha256, temporaryFolder, writeFiles } from './local-files.js';

const BIN = fileURLToPath(new URL('../bin/lazyphotos.js', import.meta.url));
export const PASSWORD = 'correct horse';

/** A ZIP of one file that an import counts and leaves. Another one with each call. */
export const zip = (size = 20_000): Buffer => {
  const around = storedZip({ 'letter.txt': Buffer.alloc(0) }).length;
  return storedZip({ 'letter.txt': randomBytes(size - around) });
};

/**
 * Environment of a command whose clock is ten seconds ahead, so that files written just before it are old enough for their hashes to
 * be remembered. A file's ctime cannot be set.
 */
export const TEN_SECONDS_LATER = {
  NODE_OPTIONS: `--import=${new URL('./ten-seconds-later.mjs', import.meta.url)}`,
};

/** The fields of the commands' documents that tests read one by one. */
interface CliDocument {
  error: { code: string; message: string };
  server: { url: string };
  import: ImportJob;
  deviceId: string;
  photos: number;
  uploaded: number;
  seconds: number;
  failures: { code: string; path: string; message: string }[];
  ignored: number;
  ignoredFiles: string[];
  ignoredByReason: Record<string, { files: number; photos: number; paths: string[] }>;
  skippedFolders: { path: string; reason: string; files: number; photos: number; complete: boolean }[];
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Standard output as JSON. */
  json: CliDocument;
}

export interface CliOptions {
  input?: string;
  env?: Record<string, string>;
  /** Called with the running process, to send it signals. */
  meanwhile?: (kill: (signal: NodeJS.Signals) => void) => Promise<void>;
}

export interface Cli {
  /** The proxy in front of the real node. */
  node: FaultProxy;
  configDir: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
}

export interface SignedInCli extends Cli {
  /** Of the account that the command is signed in to, without the proxy: what it does is neither counted nor disturbed. */
  client: Client;
  userId: string;
  email: string;
}

async function runBin(
  args: string[],
  env: Record<string, string>,
  { input, meanwhile }: CliOptions,
): Promise<CliResult> {
  const child = spawn(process.execPath, [BIN, ...args], { env: { PATH: process.env.PATH ?? '', ...env } });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  cleanups.push(() => child.kill('SIGKILL'));
  child.stdin.end(input ?? '');
  const [code, stdout, stderr] = await Promise.all([
    ended,
    text(child.stdout),
    text(child.stderr),
    meanwhile?.((signal) => child.kill(signal)),
  ]);
  return {
    code,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout) as CliDocument;
    },
  };
}

/** The command beside the node at `url`, through a proxy of the test's own. */
export async function cliBeside(url: string): Promise<Cli> {
  const node = await startFaultProxy(url);
  cleanups.push(() => node.close());
  const configDir = join(await temporaryFolder(), 'config');
  const env = {
    LAZYPHOTOS_SERVER: node.url,
    LAZYPHOTOS_CONFIG_DIR: configDir,
    LAZYPHOTOS_PASSWORD: PASSWORD,
  };
  return { node, configDir, run: (args, options = {}) => runBin(args, { ...env, ...options.env }, options) };
}

/** The command beside the real node that all tests share. */
export const cliWithNode = (): Promise<Cli> => cliBeside(sharedNode().url);

export interface Account {
  client: Client;
  userId: string;
  email: string;
}

/** A new account on the shared node, with the password of all of them. */
export async function newAccount(): Promise<Account> {
  const client = createClient({ baseUrl: sharedNode().url, tokens: createMemoryTokenStore() });
  const email = `${crypto.randomUUID()}@example.org`;
  const user = await client.signUp({ email, password: PASSWORD });
  return { client, userId: user.id, email };
}

/** The command, signed in to a new account. */
export async function signedInCli(): Promise<SignedInCli> {
  const cli = await cliWithNode();
  const account = await newAccount();
  const stderr = new PassThrough();
  // In this process: a process for each of the tests that need a session would take a third of a second more.
  const code = await run(['login', '--email', account.email], {
    stdin: Readable.from([]),
    stdout: new PassThrough().resume(),
    stderr,
    env: { server: cli.node.url, password: PASSWORD, configDir: cli.configDir },
    version: '0.0.0',
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(String(stderr.read()));
  return { ...cli, ...account };
}

/** The photos of an account that are not in the trash. */
export async function photosOf(client: Client): Promise<Photo[]> {
  const photos: Photo[] = [];
  for await (const page of photoPages(client)) photos.push(...page);
  return photos;
}

export async function trashedPhotos(client: Client): Promise<Photo[]> {
  return (await client.listPhotos({ query: { trashed: true, limit: 500 } })).photos;
}

/** Uploads bytes as a photo or, named `….zip`, as an archive. Resolves to its id. */
export async function addFile(client: Client, fileName: string, bytes: Buffer): Promise<string> {
  const source = {
    async *open(start: number, end: number) {
      yield bytes.subarray(start, end);
    },
  };
  const mimeType = fileName.endsWith('.zip') ? 'application/zip' : 'image/jpeg';
  const file = { source, hash: sha256(bytes), sizeBytes: bytes.length, mimeType, fileName };
  const { photoId } = await uploadPhoto(client, file);
  if (photoId === undefined) throw new Error(`${fileName} has no id`);
  return photoId;
}

/** Deletes photos for good, and waits until they are. */
export async function purge(client: Client, ids: string[]): Promise<void> {
  await client.deletePhotos({ body: { ids } });
  await client.emptyTrash();
  await eventually(async () => {
    const { count } = await client.getTrash();
    if (count > 0) throw new Error(`${count} photos are still in the trash`);
  });
}

/** Waits until an import has ended. */
export const importEnded = (client: Client, id: string): Promise<ImportJob> =>
  eventually(async () => {
    const job = await client.getImport({ params: { id } });
    if (!hasEnded(job)) throw new Error(`the import is ${job.status}`);
    return job;
  });

/** Resolves when something is so. */
export const until = (condition: () => boolean): Promise<void> =>
  eventually(
    () => {
      if (!condition()) throw new Error(`not yet: ${condition}`);
    },
    { intervalMs: 10 },
  );
