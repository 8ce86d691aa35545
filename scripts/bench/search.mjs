// `npm run bench search`: a catalog of 200,000 photos on the embedded PostgreSQL, searched through its HTTP interface.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, openDatabase } from '../../packages/database/dist/index.js';
import { startPostgres } from '../../packages/embedded-postgres/dist/index.js';
import { migrationsPath } from '../../services/catalog/dist/index.js';
import { searchWordsOf } from '../../services/catalog/dist/search/vector.js';
import { startCatalog } from './bench-services.mjs';
import { createLibrary } from './made-up-library.mjs';
import { heading, remark, table } from './report.mjs';

const PHOTOS = 200_000;
const ROUNDS = 60;
const BATCH = 2000;
/** So many are left to the background work at the start. */
const UNFILLED = 5000;

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Photos with their words, except the last ones, which are left to be filled. One of eight is another user's. */
async function insertPhotos(pool, library, userId) {
  const others = Array.from({ length: 3 }, () => randomUUID());
  for (let index = 0; index < library.count; index += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, library.count - index) }, (_, offset) => ({
      id: randomUUID(),
      user_id: (index + offset) % 8 === 7 ? others[(index + offset) % 3] : userId,
      ...withWords(library.photo(index + offset), index + offset < library.count - UNFILLED),
    }));
    await pool.query(
      `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, captured_at, sort_at, uploaded_at,
         updated_at, width, height, location_lat, location_lon, place, camera_make, camera_model, lens_model, description, tags,
         tag_keys, favorite, search_words, processing, placeholder)
       SELECT id, user_id, repeat('0', 64), 'originals/' || user_id || '/' || id, file_name, 4000000, 'image/jpeg', at, at, at, at,
         4000, 3000, location_lat, location_lon, NULLIF(place, 'null'), camera_make, camera_model, lens_model, description,
         ARRAY(SELECT jsonb_array_elements_text(tags)), ARRAY(SELECT jsonb_array_elements_text(tags)), favorite, search_words, 'ready', '1QcSHQRnh493V4dIh4eXh1h4kJUI'
       FROM jsonb_to_recordset($1::jsonb) AS made(id uuid, user_id uuid, at timestamptz, file_name text, tags jsonb, description text,
         place jsonb, location_lat float8, location_lon float8, camera_make text, camera_model text, lens_model text, favorite bool,
         search_words text)`,
      [JSON.stringify(rows)],
    );
  }
}

const withWords = (photo, known) => ({
  ...photo,
  search_words: known
    ? searchWordsOf({
        fileName: photo.file_name,
        description: photo.description,
        tags: photo.tags,
        place: photo.place,
        cameraMake: photo.camera_make,
        cameraModel: photo.camera_model,
        lensModel: photo.lens_model,
      })
    : null,
});

/** Each kind of search with a way to make the nth one. */
const kinds = (library) => {
  const word = (n) => library.vocabulary[(n * 37) % library.vocabulary.length];
  const common = (n) => ['img', 'jpg', 'apple', 'iphone', library.cities[0].city][n % 5];
  const city = (n) => library.cities[1 + (n % 300)];
  return {
    'a rare word': (n) => ({ q: library.cities[100 + (n % 200)].city }),
    'a word of the vocabulary': (n) => ({ q: word(n) }),
    'a common word': (n) => ({ q: common(n) }),
    'an old camera, by word': () => ({ q: '350d' }),
    'two letters': (n) => ({ q: word(n).slice(0, 2) }),
    'three letters': (n) => ({ q: word(n).slice(0, 3) }),
    'two words': (n) => ({ q: `${library.tags[n % 20]} ${library.cameras[n % 12][0]}` }),
    'two common words': (n) => ({ q: `img ${common(n + 1)}` }),
    'a phrase': (n) => ({ q: `"${library.cameras[n % 12][1]}"` }),
    'a phrase that is nowhere': (n) => ({ q: `"${word(n)} ${word(n + 1)}"` }),
    'a word of no photo': (n) => ({ q: `xyzzy${n}` }),
    'a common word of one year': (n) => ({
      q: common(n),
      from: `${2005 + (n % 18)}-01-01T00:00:00Z`,
      to: `${2006 + (n % 18)}-01-01T00:00:00Z`,
    }),
    'a common word, favourites': (n) => ({ q: common(n), favorite: true }),
    'a tag': (n) => ({ tag: library.tags[n] }),
    'a camera': (n) => ({ camera: library.cameras[n % 12][1] }),
    'a word with a camera': (n) => ({ q: word(n % 30), camera: library.cameras[n % 12][0] }),
    'near home': () => ({ near: '50.08,14.42', radiusKm: 20 }),
    'near a place': (n) => ({ near: `${city(n).lat},${city(n).lon}`, radiusKm: 20 }),
    'near a place, with a word': (n) => ({ near: `${city(n).lat},${city(n).lon}`, radiusKm: 20, q: 'img' }),
    'a small box': (n) => ({ bbox: boxAround(city(n), 0.2) }),
    'a continent': () => ({ bbox: '-10,35,40,70' }),
    'a box over the antimeridian': () => ({ bbox: '150,-60,-150,60' }),
    'one year': (n) => ({
      from: `${2005 + (n % 18)}-01-01T00:00:00Z`,
      to: `${2006 + (n % 18)}-01-01T00:00:00Z`,
    }),
  };
};

const boxAround = ({ lat, lon }, half) =>
  [lon - half, lat - half, lon + half, lat + half].map((value) => value.toFixed(5)).join(',');

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
try {
  await heading('search');
  await postgres.ensureDatabase('catalog');
  const url = postgres.url('catalog');
  await migrate(url, migrationsPath);
  const database = openDatabase({ url, poolSize: 8, applicationName: 'bench' });
  const library = createLibrary(PHOTOS);
  const userId = randomUUID();
  // Built at the end, the index takes a tenth of the time.
  const { rows: definition } = await database.pool.query(
    "SELECT indexdef FROM pg_indexes WHERE indexname = 'photos_search_idx'",
  );
  await database.pool.query('DROP INDEX photos_search_idx');
  await insertPhotos(database.pool, library, userId);
  await database.pool.query(definition[0].indexdef);
  remark(`${PHOTOS} photos are there, ${Math.round(PHOTOS / 8)} of them of other users`);

  const { url: catalogUrl, tokenFor, stop } = await startCatalog(database);
  const started = performance.now();
  const unfilled = async () =>
    (await database.pool.query('SELECT 1 FROM photos WHERE search IS NULL LIMIT 1')).rowCount ?? 0;
  while ((await unfilled()) > 0) await sleep(200);
  const seconds = (performance.now() - started) / 1000;
  remark(`words made in the background: ${Math.round(UNFILLED / seconds)} photos a second`);
  await database.pool.query('VACUUM ANALYZE photos');
  const {
    rows: [sizes],
  } = await database.pool.query(
    `SELECT pg_size_pretty(pg_table_size('photos')) AS photos, pg_size_pretty(pg_relation_size('photos_search_idx')) AS words,
       pg_size_pretty(pg_relation_size('photos_location_idx')) AS places`,
  );
  remark(`sizes: photos ${sizes.photos}, index of words ${sizes.words}, index of places ${sizes.places}`);

  const headers = { authorization: `Bearer ${tokenFor(userId)}` };
  const ask = async (asked) => {
    const begun = performance.now();
    const response = await fetch(`${catalogUrl}/search?${new URLSearchParams(asked)}`, { headers });
    const body = await response.json();
    if (!response.ok) throw new Error(`${JSON.stringify(asked)}: ${JSON.stringify(body)}`);
    return { ms: performance.now() - begun, body };
  };
  const rows = [];
  const report = (name, times, found) => {
    const sorted = times.sort((a, b) => a - b);
    const percentiles = [0.05, 0.5, 0.95].map((share) => at(sorted, share).toFixed(1));
    rows.push([name, ...percentiles, (found / times.length).toFixed(0)]);
  };

  for (let n = 0; n < 200; n += 1) await ask({ q: library.vocabulary[n] });
  for (const [name, make] of Object.entries(kinds(library))) {
    const times = [];
    let found = 0;
    for (let n = 0; n < ROUNDS; n += 1) {
      const { ms, body } = await ask(make(n));
      times.push(ms);
      found += body.photos.length;
    }
    report(name, times, found);
  }
  for (const [name, asked] of [
    ['deep pages, ranked', { q: library.tags[3] }],
    ['deep pages, a common word', { q: 'img' }],
    ['deep pages, near home', { near: '50.08,14.42', radiusKm: 20 }],
  ]) {
    const times = [];
    let found = 0;
    let cursor;
    for (let n = 0; n < ROUNDS; n += 1) {
      const { ms, body } = await ask({ ...asked, ...(cursor ? { cursor } : {}) });
      times.push(ms);
      found += body.photos.length;
      cursor = body.hasMore ? body.cursor : undefined;
    }
    report(name, times, found);
  }
  table(['search, in ms of HTTP requests', 'p5', 'p50', 'p95', 'on the page'], rows);
  await stop();
  await database.close();
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
