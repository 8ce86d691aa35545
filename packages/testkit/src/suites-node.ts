import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { http } from './http.js';
import { cleanEnvironment, repository } from './programs.js';
import { requestSource, TEST_RUN } from './servers/test-run.js';

/** The chunk size of the nodes that tests start: the smallest that is allowed. */
export const CHUNK_BYTES = 5 * 1024 ** 2;

const OWNER = { email: 'owner@example.org', password: 'the owner of the node' };
/** Nothing that tests do in parallel, from one address, may meet the limits. */
const SETTINGS = {
  LAZYPHOTOS_PORT: '0',
  LAZYPHOTOS_METRICS_PORT: '0',
  LAZYPHOTOS_REGISTRATION: 'open',
  LAZYPHOTOS_REQUESTS_PER_MINUTE: '1000000',
  LAZYPHOTOS_SIGN_IN_ATTEMPTS: '100000',
  LAZYPHOTOS_CHUNK_BYTES: String(CHUNK_BYTES),
  LAZYPHOTOS_IMPORT_RESERVE_BYTES: '0',
  LAZYPHOTOS_DISK_RESERVE_BYTES: '0',
  LAZYPHOTOS_VALIDATE_ANSWERS: 'true',
};

/** A real node in one process, started for tests. */
export interface OwnNode {
  url: string;
  /** Its folder of archives to import. */
  importDir: string;
  claimCode: string;
  stop(): Promise<void>;
}

/** Starts the built node, unclaimed, in `folder`, which should be empty. The caller stops it and removes the folder. */
export async function startOwnNode(folder: string): Promise<OwnNode> {
  const importDir = importDirOf(folder);
  await mkdir(importDir, { recursive: true });
  const env = { ...SETTINGS, LAZYPHOTOS_DATA_DIR: join(folder, 'data'), IMPORT_DIR: importDir };
  const child = spawn(process.execPath, [join(repository, 'packages/standalone/dist/main.js')], {
    cwd: folder,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const output = await outputUntil(child, 'Ctrl-C stops it');
  return {
    url: /is running at (\S+)/.exec(output)?.[1] ?? '',
    importDir,
    claimCode: /Claim code\s+(\S+)/.exec(output)?.[1] ?? '',
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Resolves to what a node has printed when that contains `end`. Later output is dropped. */
function outputUntil(child: ChildProcess, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const collect = (bytes: Buffer) => {
      if (output.includes(end)) return;
      output += bytes.toString();
      if (output.includes(end)) resolve(output);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('close', () => reject(new Error(`the node has ended: ${output}`)));
  });
}

/** Makes the first account of a node its owner. */
async function claimNode({ url, claimCode: code }: OwnNode): Promise<void> {
  const registered = await http(`${url}/auth/register`, { json: { ...OWNER, code } });
  const json = { ownerEmail: OWNER.email, code };
  const claimed = await http(`${url}/servers/claim`, { json, token: registered.body?.accessToken });
  if (claimed.status !== 200) throw new Error(`the node is not claimed: ${registered.text} ${claimed.text}`);
}

/** Starts the node that all suites of a jest run share. Anyone may register. */
export async function startSuitesNode(folder: string): Promise<OwnNode> {
  const node = await startOwnNode(folder);
  await claimNode(node);
  return node;
}

/** The real node that the suites of a jest run share. */
export interface SharedNode {
  url: string;
  /** Its folder of archives to import; an account may import what lies in the subfolder of its id. */
  importDir: string;
}

/** Where the node of a jest run lies in the folder of the run. */
export const nodeFolder = (run: string): string => join(run, 'node');
const importDirOf = (folder: string): string => join(folder, 'import');

/**
 * Returns the node that the suites of this jest run share; the first call starts it. Each test registers an account of its own, and sees
 * nothing of the others.
 * @throws Error when the node cannot be started
 */
export function sharedNode(): SharedNode {
  const source = requestSource('node');
  if (source.kind !== 'shared')
    throw new Error(`no node for tests: ${source.kind === 'none' ? source.reason : source.kind}`);
  return { url: source.url, importDir: importDirOf(nodeFolder(process.env[TEST_RUN] ?? '')) };
}
