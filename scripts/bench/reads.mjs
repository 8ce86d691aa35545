// `npm run bench reads [-- --system services]`: pages of 100 photos, the timeline and the tags at a thousand, a hundred thousand and a
// million photos, and a client that catches up with a feed of a million entries; through the gateway, beside the same SQL by `pg` alone.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../packages/database/dist/index.js';
import { startCatalog, startFeed } from './bench-services.mjs';
import { startSystem } from './measured-system.mjs';
import { readOptions } from './options.mjs';
import { claimAsOwner } from './owner.mjs';
import { clientOf, processorTimeOf, startTeacher } from './reads-client.mjs';
import { fillFeed, fillLibrary, tableBytes } from './reads-libraries.mjs';
import { heading, showMemory, table, withParts } from './report.mjs';
import { median, ratios, spread } from './rounds.mjs';

const SIZES = [1_000, 100_000, 1_000_000];
const REQUESTS = 200;
const WARM_UP = 10;
const TIMELINE_REQUESTS = 20;
const FEED_ENTRIES = 1_000_000;
const FEED_PAGE = 500;
const FEED_ROUNDS = 3;
/** Of each round of the feed; the whole would take minutes and show the same. */
const FEED_PAGES = 200;

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];

const lists = ({ big, small }) => ({
  everything: '/photos?',
  'by upload': '/photos?sort=uploadedAt&',
  favourites: '/photos?favorite=true&',
  'not archived': '/photos?archived=false&',
  'a year': '/photos?from=2023-01-01T00:00:00Z&to=2024-01-01T00:00:00Z&',
  'the trash': '/photos?trashed=true&',
  'a common tag': '/photos?tag=common&',
  'a big album': `/photos?albumId=${big}&`,
  'a small album': `/photos?albumId=${small}&`,
  'a tag in a big album, favourites left out': `/photos?albumId=${big}&tag=common&favorite=false&`,
  'an album that is arranged by hand': `/albums/${big}/items?`,
});

const counts = {
  'timeline: everything': '/photos/timeline?zone=Europe/Berlin',
  'timeline: favourites': '/photos/timeline?zone=Europe/Berlin&favorite=true',
  'timeline: a common tag': '/photos/timeline?zone=Europe/Berlin&tag=common',
  tags: '/tags',
};

/** Milliseconds of requests, and of their statements alone, in turns. */
async function measure(get, sql, path, requests) {
  const times = { http: [], sql: [] };
  for (let at = -WARM_UP; at < requests; at += 1) {
    const started = performance.now();
    await get(path);
    const received = performance.now();
    await sql();
    if (at < 0) continue;
    times.http.push(received - started);
    times.sql.push(performance.now() - received);
  }
  return times;
}

async function measureLibrary(system, owner, photos) {
  const database = openDatabase({
    url: await system.databaseUrl('catalog'),
    poolSize: 4,
    applicationName: 'bench',
  });
  const library = { user: owner.userId, big: randomUUID(), small: randomUUID() };
  await fillLibrary(database.pool, { ...library, photos });
  const teacher = await startTeacher(startCatalog, database, owner.userId);
  const get = clientOf(system.url, await owner.accessToken());
  const results = {};
  const ask = async (name, path, requests) => {
    results[name] = await measure(get, await teacher.learn(path), path, requests);
  };
  for (const [name, path] of Object.entries(lists(library))) {
    const { cursor } = await get(`${path}limit=50`);
    await ask(name, `${path}limit=100`, REQUESTS);
    if (name === 'everything')
      await ask('everything, second page', `${path}limit=100&cursor=${cursor}`, REQUESTS);
  }
  for (const [name, path] of Object.entries(counts)) await ask(name, path, TIMELINE_REQUESTS);
  const parts = await processorTimeOf(system, REQUESTS, () => get('/photos?limit=100'));
  const bytes = await tableBytes(database.pool);
  await teacher.stop();
  await database.close();
  return { photos, results, parts, bytes };
}

function showLibraries(measured) {
  const cell = ({ http, sql }) =>
    `${median(http).toFixed(1)} (${percentile(http, 0.05).toFixed(1)} to ${percentile(http, 0.95).toFixed(1)}), ${median(sql).toFixed(1)}`;
  const sizes = measured.map(({ photos }) => `${photos.toLocaleString('en')} photos`);
  table(
    [`ms: p50 (p5 to p95), ${REQUESTS} requests; then its SQL alone`, ...sizes, 'last against first'],
    Object.keys(measured[0].results).map((name) => {
      const all = measured.map(({ results }) => results[name]);
      const ratio = median(all.at(-1).http) / median(all[0].http);
      return [name, ...all.map(cell), ratio.toFixed(2)];
    }),
  );
  table(
    ['the catalog at', 'processor time of a page of 100 in ms', 'bytes of its tables for each photo'],
    measured.map(({ parts, bytes, photos }, at) => [sizes[at], withParts(parts), Math.round(bytes / photos)]),
  );
}

/** One client reads page after page from the beginning; for each page the SQL alone comes after it. */
async function readFeed(get, teacher) {
  const spent = { http: 0, sql: 0 };
  let cursor = '';
  for (let page = 0; page < FEED_PAGES; page += 1) {
    const path = `/feed?limit=${FEED_PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const sql = await teacher.learn(path);
    const started = performance.now();
    const read = await get(path);
    const received = performance.now();
    await sql();
    spent.http += received - started;
    spent.sql += performance.now() - received;
    cursor = read.cursor;
  }
  return spent;
}

async function measureFeed(system, owner) {
  const database = openDatabase({
    url: await system.databaseUrl('feed'),
    poolSize: 4,
    applicationName: 'bench',
  });
  await fillFeed(database.pool, owner.userId, FEED_ENTRIES);
  const teacher = await startTeacher(startFeed, database, owner.userId);
  const get = clientOf(system.url, await owner.accessToken());
  const spent = [];
  for (let round = 0; round <= FEED_ROUNDS; round += 1) {
    const times = await readFeed(get, teacher);
    if (round > 0) spent.push(times);
  }
  const parts = await processorTimeOf(system, REQUESTS, () => get(`/feed?limit=${FEED_PAGE}`));
  const bytes = await tableBytes(database.pool);
  await teacher.stop();
  await database.close();
  const perSecond = (kind) =>
    spread(
      spent.map((times) => (FEED_PAGES * FEED_PAGE * 1000) / times[kind]),
      0,
    );
  const of = (kind) => spent.map((times) => times[kind]);
  table(
    [
      `a feed of ${FEED_ENTRIES.toLocaleString('en')} entries, pages of ${FEED_PAGE}, ${FEED_ROUNDS} rounds`,
      'seen',
    ],
    [
      ['items a second', perSecond('http')],
      ['its SQL alone', perSecond('sql')],
      ['against its SQL alone', spread(ratios(of('sql'), of('http')))],
      ['processor time of a page in ms', withParts(parts)],
      ['bytes of its tables for each entry', Math.round(bytes / FEED_ENTRIES)],
    ],
  );
}

const options = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await heading('reads', options);
  const system = await startSystem(options, folder);
  try {
    const owner = await claimAsOwner(system);
    const measured = [];
    for (const photos of SIZES) measured.push(await measureLibrary(system, owner, photos));
    showLibraries(measured);
    await measureFeed(system, owner);
    await showMemory(system);
  } finally {
    await system.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
