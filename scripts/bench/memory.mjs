// `npm run bench memory [-- --system services] [-- --limits] [-- --heap] [-- --bombs] [-- --rounds 8]`: the memory of all processes while
// they take in 160 files of every format, or small files that ask for gigabytes, all at once (Linux).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/testkit/dist/index.js';
import { MEMORY_DEFAULTS } from '../lib/memory-defaults.mjs';
import { inspectorOption, liveHeap } from './live-heap.mjs';
import { startSystem } from './measured-system.mjs';
import { makeBombs } from './memory-bombs.mjs';
import { findPictures, makeFiles } from './memory-files.mjs';
import { readOptions } from './options.mjs';
import { claimAsOwner, send, untilProcessed } from './owner.mjs';
import { heading, megabytes, remark, showMemory, sum, table } from './report.mjs';
import { inParallel } from './rounds.mjs';

const FILES = 160;
const AT_A_TIME = 4;
const POLL_MS = 100;
/** The decoder of HEIC ends when it has had nothing to do for 30 seconds; nothing tells when. */
const IDLE_MS = 40_000;
/** What files have taken is to be given back within a minute. */
const IDLE_AFTER_BOMBS_MS = 60_000;

/** Looks every 100 ms while `work` runs. Resolves to the most of all parts together, and to the most of each part. */
async function watch(look, work) {
  const most = {};
  let peak = {};
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      const now = await look();
      if (sum(now) > sum(peak)) peak = now;
      for (const [name, value] of Object.entries(now)) most[name] = Math.max(most[name] ?? 0, value);
      await sleep(POLL_MS);
    }
  })();
  try {
    return { outcome: await work(), peak, most };
  } finally {
    isRunning = false;
    await watching;
  }
}

const countsOf = (counts) =>
  Object.entries(counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');

async function measureRound({ system, client, files, atATime = files.length, idleMs }) {
  const before = sum(await system.processorTimes());
  const { outcome, peak, most } = await watch(system.memory, async () => {
    await inParallel(files, atATime, (file) => send(client, file));
    return countsOf(await untilProcessed(client, files.length));
  });
  const processor = sum(await system.processorTimes()) - before;
  await sleep(idleMs);
  return { outcome, peak, most, processor, after: await system.memory() };
}

/** What the node is started with for `--heap`. */
async function inspectorOf({ heap }) {
  if (!heap) return {};
  const port = await freePort();
  return { port, settings: { NODE_OPTIONS: `${MEMORY_DEFAULTS.NODE_OPTIONS} ${inspectorOption(port)}` } };
}

/** The largest value of each name. */
const mostOf = (all) => {
  const names = [...new Set(all.flatMap(Object.keys))];
  return Object.fromEntries(names.map((name) => [name, Math.max(...all.map((parts) => parts[name] ?? 0))]));
};

const mb = (bytes) => (bytes / 1e6).toFixed(1);

async function heapOf({ pid }, port) {
  if (port === undefined) return [];
  const { before, after } = await liveHeap(pid, port);
  return [`${mb(before.heapTotal)}; ${mb(after.heapTotal)}, ${mb(after.heapUsed)}, ${mb(after.external)}`];
}

/** `kind`: how its files are made and sent. */
async function measure(system, inspectorPort, kind, { rounds, folder }) {
  const { client } = await claimAsOwner(system);
  const measured = [];
  const rows = [
    ['idle', '', megabytes(await system.memory()), '', '', ...(await heapOf(system, inspectorPort))],
  ];
  for (let round = 1; round <= rounds; round += 1) {
    const files = await kind.make(join(folder, 'files'));
    const { outcome, peak, most, processor, after } = await measureRound({ ...kind, system, client, files });
    measured.push(most);
    const heap = await heapOf(system, inspectorPort);
    rows.push([`round ${round}`, outcome, megabytes(peak), megabytes(after), processor.toFixed(0), ...heap]);
    await rm(join(folder, 'files'), { recursive: true });
  }
  const later = `${kind.idleMs / 1000} s later`;
  const heap = 'heap of V8; after a collection: heap, live, outside of it';
  table(
    ['in MB', 'became', 'peak of all together', later, 'processor time in s', heap].slice(0, rows[0].length),
    rows,
  );
  remark(`most of each: ${megabytes(mostOf(measured)).replace(/^.*? \(|\)$/g, '')}`);
  await showMemory(system);
}

async function photos() {
  const pictures = await findPictures();
  const types = [...new Set(pictures.map(({ mimeType }) => mimeType))].sort();
  return {
    title: `${FILES} files of ${pictures.length} pictures: ${types.join(', ')}`,
    make: (folder) => makeFiles(folder, pictures, FILES),
    atATime: AT_A_TIME,
    idleMs: IDLE_MS,
  };
}

const BOMBS = {
  title: 'small files that ask for gigabytes or minutes, all at once; they become what the codes say',
  make: makeBombs,
  idleMs: IDLE_AFTER_BOMBS_MS,
};

async function main(folder, options) {
  await heading('memory', options);
  const kind = options.bombs ? BOMBS : await photos();
  remark(kind.title);
  const inspector = await inspectorOf(options);
  const system = await startSystem(options, folder, inspector.settings);
  try {
    await measure(system, inspector.port, kind, { rounds: options.rounds ?? 3, folder });
  } finally {
    await system.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await main(folder, readOptions(process.argv.slice(2)));
} finally {
  await rm(folder, { recursive: true, force: true });
}
