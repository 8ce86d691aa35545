// `npm run bench lists`: pages of 100 photos and the timeline at a thousand and a million photos, through the catalog's HTTP
// interface on the embedded PostgreSQL.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openDatabase } from '../../packages/database/dist/index.js';
import { startPostgres } from '../../packages/embedded-postgres/dist/index.js';
import { migrationsPath } from '../../services/catalog/dist/index.js';
import { startCatalog } from './bench-catalog.mjs';

const SIZES = [1_000, 1_000_000];
const ROUNDS = 200;
const TIMELINE_ROUNDS = 20;

const say = (line) => process.stdout.write(`${line}\n`);

async function fill(pool, settings) {
  const client = await pool.connect();
  for (const [name, value] of Object.entries(settings))
    await client.query('SELECT set_config($1, $2, false)', [`library.${name}`, String(value)]);
  const sql = await readFile(new URL('../../services/catalog/test/library.sql', import.meta.url), 'utf8');
  await client.query(sql);
  client.release(true);
  await pool.query('VACUUM ANALYZE photos, photo_tags, album_items');
}

const queries = ({ big, small }) => ({
  everything: '/photos?',
  'by upload': '/photos?sort=uploadedAt&',
  favourites: '/photos?favorite=true&',
  'not archived': '/photos?archived=false&',
  'the trash': '/photos?trashed=true&',
  'a common tag': '/photos?tag=common&',
  'a big album': `/photos?albumId=${big}&`,
  'a small album': `/photos?albumId=${small}&`,
  'a tag in a big album, favourites left out': `/photos?albumId=${big}&tag=common&favorite=false&`,
  'an album that is arranged by hand': `/albums/${big}/items?`,
});

/** Median milliseconds of a request. */
async function measure(get, path, rounds) {
  const times = [];
  for (let round = 0; round < rounds + 10; round += 1) {
    const started = performance.now();
    await get(path);
    if (round >= 10) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function measureLibrary(database, photos) {
  const library = { user: randomUUID(), big: randomUUID(), small: randomUUID() };
  await fill(database.pool, { ...library, photos });
  const { url, tokenFor, stop } = await startCatalog(database);
  const headers = { authorization: `Bearer ${tokenFor(library.user)}` };
  const get = async (path) => {
    const response = await fetch(url + path, { headers });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  const results = {};
  for (const [name, path] of Object.entries(queries(library))) {
    const { cursor } = await get(`${path}limit=50`);
    results[name] = await measure(get, `${path}limit=100`, ROUNDS);
    if (name === 'everything')
      results['everything, second page'] = await measure(get, `${path}limit=100&cursor=${cursor}`, ROUNDS);
  }
  for (const [name, query] of [
    ['everything', ''],
    ['favourites', '&favorite=true'],
    ['a common tag', '&tag=common'],
  ])
    results[`timeline: ${name}`] = await measure(
      get,
      `/photos/timeline?zone=Europe/Berlin${query}`,
      TIMELINE_ROUNDS,
    );
  results.tags = await measure(get, '/tags', TIMELINE_ROUNDS);
  await stop();
  return results;
}

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
try {
  const measured = [];
  for (const photos of SIZES) {
    await postgres.ensureDatabase(`catalog_${photos}`);
    const url = postgres.url(`catalog_${photos}`);
    await migrate(url, migrationsPath);
    const database = openDatabase({ url, poolSize: 4, applicationName: 'bench' });
    measured.push(await measureLibrary(database, photos));
    await database.close();
  }
  const [few, many] = measured;
  say(`load of the machine, last minute: ${loadavg()[0].toFixed(1)}`);
  say(`p50 in ms at ${SIZES.join(' and ')} photos`);
  for (const name of Object.keys(many))
    say(
      `${name}: ${few[name].toFixed(1)} and ${many[name].toFixed(1)}, ratio ${(many[name] / few[name]).toFixed(2)}`,
    );
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
