import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../packages/testkit/dist/index.js';
import { MEMORY_DEFAULTS } from '../lib/memory-defaults.mjs';

const main = fileURLToPath(new URL('../../packages/standalone/dist/main.js', import.meta.url));

/** Starts the node as `npm start` does on a built tree; `more` are settings. */
export async function startNode(dataDir, more = {}) {
  const port = await freePort();
  const env = {
    ...MEMORY_DEFAULTS,
    ...process.env,
    LAZYPHOTOS_DATA_DIR: dataDir,
    LAZYPHOTOS_PORT: String(port),
    LAZYPHOTOS_METRICS_PORT: '0',
    LAZYPHOTOS_LOG_OUTPUT: 'file',
    ...more,
  };
  const started = performance.now();
  const child = spawn(process.execPath, [main], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
