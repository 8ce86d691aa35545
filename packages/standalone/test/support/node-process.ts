import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, eventually, freePort, http, repository } from '@lazyphotos/testkit';

const launcher = join(repository, 'scripts/start.mjs');
export const nodeMain = join(repository, 'packages/standalone/dist/main.js');

export interface NodeProcess {
  url: string;
  metricsUrl: string;
  /** Everything it has printed. */
  output(): string;
  claimCode(): string;
  /** Signals the launcher and the node, as a terminal does; resolves with the launcher's exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export interface NodeFolder {
  path: string;
  /** Starts the real thing, as `npm start` does, on this data folder and waits until it is ready. */
  start(env?: Record<string, string>): Promise<NodeProcess>;
  /** Ends what still runs and removes the folder. */
  remove(): Promise<void>;
}

function collect(child: ChildProcess) {
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (bytes: Buffer) => {
    text.stdout += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    text.stderr += bytes.toString();
  });
  return () => ({ ...text });
}

async function launch(dataDir: string, cwd: string, env: Record<string, string>) {
  const port = await freePort();
  const metricsPort = await freePort();
  const settings = {
    LAZYPHOTOS_DATA_DIR: dataDir,
    LAZYPHOTOS_PORT: String(port),
    LAZYPHOTOS_METRICS_PORT: String(metricsPort),
    LAZYPHOTOS_VALIDATE_ANSWERS: 'true',
    // A reserve file for each node of a test run would only wear out the disk.
    LAZYPHOTOS_DISK_RESERVE_BYTES: '0',
    ...env,
  };
  // A process group of its own, so that a signal reaches launcher and node together, and PostgreSQL not at all.
  const child = spawn(process.execPath, [launcher], {
    cwd,
    env: cleanEnvironment(settings),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    child,
    out: collect(child),
    url: `http://localhost:${port}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  };
}

export async function createNodeFolder(): Promise<NodeFolder> {
  const path = await mkdtemp(join(tmpdir(), 'lazyphotos-e2e-'));
  const dataDir = join(path, 'data');
  const running = new Set<ChildProcess>();

  const signalGroup = (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  };
  const stop = (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> =>
    new Promise((resolve) => {
      child.once('close', resolve);
      signalGroup(child, signal);
    });

  return {
    path,
    start: async (env = {}) => {
      const { child, out, url, metricsUrl } = await launch(dataDir, path, env);
      running.add(child);
      child.once('close', () => running.delete(child));
      const output = () => Object.values(out()).join('\n');
      const isReady = await eventually(async () => {
        if (!running.has(child)) return false;
        const ready = await http(`${url}/health/ready`);
        if (ready.status !== 200) throw new Error(`not ready: ${ready.text}\n${output()}`);
        if (!output().includes('Ctrl-C stops it')) throw new Error('has not said so yet');
        return true;
      });
      if (!isReady) throw new Error(`the node has ended: ${output()}`);
      return {
        url,
        metricsUrl,
        output,
        claimCode: () => /Claim code\s+(\S+)/.exec(output())?.[1] ?? '',
        stop: (signal) => stop(child, signal),
      };
    },
    remove: async () => {
      for (const child of [...running]) await stop(child, 'SIGTERM');
      await rm(path, { recursive: true, force: true });
    },
  };
}
