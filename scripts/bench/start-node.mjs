import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../packages/testkit/dist/index.js';

const main = fileURLToPath(new URL('../../packages/standalone/dist/main.js', import.meta.url));

/** Starts the node as `npm start` does on a built tree; `more` are settings. */
export async function startNode(dataDir, more = {}) {
  const port = await freePort();
  const env = {
    ...process.env,
    MALLOC_ARENA_MAX: '2',
    LAZYPHOTOS_DATA_DIR: dataDir,
    LAZYPHOTOS_PORT: String(port),
    LAZYPHOTOS_METRICS_PORT: '0',
    LAZYPHOTOS_LOG_OUTPUT: 'file',
    ...more,
  };
  const started = performance.now();
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null) throw new Error(`the node has ended: ${output}`);
    await sleep(50);
  }
  const seconds = (performance.now() - started) / 1000;
  while (!output.includes('Ctrl-C')) await sleep(20);
  return {
    url,
    pid: child.pid,
    seconds,
    claimCode: /Claim code\s+(\S+)/.exec(output)?.[1],
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

const isHealthy = (url) =>
  fetch(`${url}/health/ready`).then(
    (response) => response.ok,
    () => false,
  );

/** Shared pages count by their share, or PostgreSQL's buffers would count once for each of its processes. */
async function proportionalBytes(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
}

async function parentOf(pid) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}

/** The memory of one process in bytes. */
export const processMemory = proportionalBytes;

/** The processor time of the node, its helpers and its PostgreSQL so far, in seconds (Linux). */
export async function processorSeconds(pid, dataDir) {
  let ticks = 0;
  for (const candidate of await processesOf(pid, dataDir)) {
    const stat = await readFile(`/proc/${candidate}/stat`, 'utf8').catch(() => '');
    // After the name, which may have blanks: fields 14 to 17 are the times of the process and of its ended children.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const at of [11, 12, 13, 14]) ticks += Number(fields[at] ?? 0);
  }
  return ticks / 100;
}

async function processesOf(pid, dataDir) {
  const postmaster = Number(
    (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0],
  );
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = [];
  for (const candidate of pids) {
    const parent = await parentOf(candidate);
    if ([candidate, parent].some((id) => id === pid || id === postmaster)) found.push(candidate);
  }
  return found;
}

/** The memory of the node, its helpers and its PostgreSQL, where the system tells (Linux). */
export async function memoryOf(pid, dataDir) {
  const postmaster = Number(
    (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0],
  );
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  let node = 0;
  let postgres = 0;
  for (const candidate of pids) {
    const parent = await parentOf(candidate);
    if (candidate === pid || parent === pid) node += await proportionalBytes(candidate);
    if (candidate === postmaster || parent === postmaster) postgres += await proportionalBytes(candidate);
  }
  const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  return `${mb(node + postgres)} (node ${mb(node)}, PostgreSQL ${mb(postgres)})`;
}
