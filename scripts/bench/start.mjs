// `npm run bench start`: how long a node takes to be ready, and its memory when it has nothing to do.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOptions } from './options.mjs';
import { measuresOf } from './processes.mjs';
import { heading, megabytes, table } from './report.mjs';
import { spread } from './rounds.mjs';
import { startNode } from './start-node.mjs';

/** Nothing tells when a process has given back what its start took. */
const IDLE_MS = 20_000;

const { rounds = 5 } = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await heading('start');
  const first = [];
  const second = [];
  let idle;
  for (let round = 0; round <= rounds; round += 1) {
    const dataDir = join(folder, `data-${round}`);
    const fresh = await startNode(dataDir);
    await fresh.stop();
    const node = await startNode(dataDir);
    if (round === rounds) {
      await sleep(IDLE_MS);
      idle = megabytes(await measuresOf(dataDir).memory());
    }
    await node.stop();
    // The first one has read the programs from the disk.
    if (round === 0) continue;
    first.push(fresh.seconds);
    second.push(node.seconds);
  }
  table(
    [`a node in one process, ${rounds} rounds`, 'seen'],
    [
      ['first start on an empty folder until healthy, in s', spread(first)],
      ['second start until healthy, in s', spread(second)],
      [`memory ${IDLE_MS / 1000} s after a start, in MB`, idle],
    ],
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
