import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { addAccount, type FakeNode, startFakeNode } from '@lazyphotos/client/testing';
import type { ImportJob } from '@lazyphotos/contracts';

const BIN = fileURLToPath(new URL('../bin/lazyphotos.js', import.meta.url));
export const EMAIL = 'ada@example.org';
export const PASSWORD = 'correct horse';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that magic-byte readers take for a JPEG. */
export const jpeg = (size = 20_000): Buffer =>
  Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(size - 10)]);

/** Bytes that begin and end like a ZIP. */
export const zip = (size = 20_000): Buffer =>
  Buffer.concat([
    Buffer.from('504b0304', 'hex'),
    randomBytes(size - 26),
    Buffer.from('504b0506', 'hex'),
    Buffer.alloc(18),
  ]);

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-cli-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files as they lie in a library: changed some time ago. */
export async function writeFiles(folder: string, files: Record<string, Buffer | string>): Promise<void> {
  const past = new Date('2020-01-01T00:00:00Z');
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, past, past);
  }
}

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
  node: FakeNode;
  configDir: string;
  run(args: string[], options?: CliOptions): Promise<CliResult>;
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

/** The command beside a fake node of its own. */
export async function cliWithNode(): Promise<Cli> {
  const node = await startFakeNode();
  cleanups.push(() => node.close());
  const configDir = join(await temporaryFolder(), 'config');
  const env = {
    LAZYPHOTOS_SERVER: node.url,
    LAZYPHOTOS_CONFIG_DIR: configDir,
    LAZYPHOTOS_PASSWORD: PASSWORD,
  };
  return { node, configDir, run: (args, options = {}) => runBin(args, { ...env, ...options.env }, options) };
}

/** The same, with an account that is signed in. */
export async function signedInCli(): Promise<Cli & { userId: string }> {
  const cli = await cliWithNode();
  const { id } = addAccount(cli.node.state, EMAIL, PASSWORD);
  const { code, stderr } = await cli.run(['login', '--email', EMAIL]);
  if (code !== 0) throw new Error(stderr);
  return { ...cli, userId: id };
}

/** Resolves when something is so. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}
