// The main job through the containers' gateway, from outside, with the project's own command and client:
//   main-job.mjs first   claims the node, uploads real photos, waits for previews, copies everything back, reads the feed
//   main-job.mjs more    uploads many more photos
//   main-job.mjs away    without the catalog: requests for photos get 503, and one can still be uploaded
//   main-job.mjs again   everything is still there, and one more photo goes through
// Settings: SERVER, CLAIM_CODE, FOLDER (what is kept between the calls), FACTS (a file that facts for the report are added to).
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createClient,
  createMemoryTokenStore,
  isTransient,
  photoPages,
} from '../../packages/client/dist/index.js';
import { previewSizes } from '../../packages/contracts/dist/index.js';
import { createCli } from './cli.mjs';
import { choosePhotos, copyPhotos, writeVariants } from './photos.mjs';

const sharp = createRequire(new URL('../../services/media-worker/package.json', import.meta.url))('sharp');

const MORE = 20;
const READY_TIMEOUT_MS = 15 * 60_000;
const SIGN_IN_TIMEOUT_MS = 2 * 60_000;
const account = { email: 'owner@example.org', password: 'correct horse battery staple' };

const { SERVER: server, CLAIM_CODE: claimCode, FOLDER: folder, FACTS: facts } = process.env;
const cli = createCli({ server, folder: join(folder, 'config'), password: account.password });
const tokens = createMemoryTokenStore();
const client = createClient({ baseUrl: server, tokens });
const uploads = join(folder, 'photos');

const phases = { first, more, away, again };
await phases[process.argv[2]]();

async function first() {
  const photos = choosePhotos();
  await copyPhotos(photos, join(uploads, 'first'));
  await cli('claim', '--email', account.email, '--code', claimCode);
  await cli('login', '--email', account.email);
  await signIn(client);
  await upload('first', photos.length);
  await checkDownloads();
  await checkPreviews(photos);
  await checkFeed();
}

async function more() {
  await signIn(client);
  await writeVariants(someJpeg(), join(uploads, 'more'), 'more', MORE);
  await upload('more', MORE);
  await checkFeed();
}

/** The catalog is not needed for an upload; the photo appears when it is back. */
async function away() {
  const withoutRetries = createClient({ baseUrl: server, tokens, retry: { retries: 0 } });
  await signIn(withoutRetries);
  const status = await withoutRetries.listPhotos({ query: {} }).then(
    () => 200,
    (error) => error.status,
  );
  expect(status === 503, `503 instead of photos, not ${status}`);
  await writeVariants(someJpeg(), join(uploads, 'away'), 'away', 1);
  const { uploaded, failed } = await cli('upload', join(uploads, 'away'));
  expect(uploaded === 1 && failed === 0, `one photo uploaded, not ${uploaded}`);
}

async function again() {
  await signIn(client);
  await writeVariants(someJpeg(), join(uploads, 'again'), 'again', 1);
  await upload('again', 1);
  await checkDownloads();
  await checkFeed();
}

/** The client does not repeat a sign-in. Under emulation, a new connection to the database can take longer than the node waits for it. */
async function signIn(as) {
  for (const began = Date.now(); ; await sleep(5000)) {
    try {
      return await as.signIn(account);
    } catch (error) {
      if (!isTransient(error) || Date.now() - began > SIGN_IN_TIMEOUT_MS) throw error;
    }
  }
}

function someJpeg() {
  return choosePhotos().find(({ mime }) => mime === 'image/jpeg');
}

/** Uploads the photos of a phase and waits until all photos have been processed. */
async function upload(phase, count) {
  const began = performance.now();
  const { uploaded, uploadedBytes, failed } = await cli('upload', join(uploads, phase));
  expect(uploaded === count && failed === 0, `${count} photos uploaded, not ${uploaded}; ${failed} failed`);
  const sent = performance.now();
  await allReady();
  await fact(`${phase}.photos`, count);
  await fact(`${phase}.megabytes`, (uploadedBytes / 1e6).toFixed(1));
  await fact(`${phase}.upload-seconds`, ((sent - began) / 1000).toFixed(1));
  await fact(`${phase}.ready-seconds`, ((performance.now() - sent) / 1000).toFixed(1));
}

/** The photos, once each has its previews. */
async function allReady() {
  for (const began = Date.now(); ; await sleep(500)) {
    const photos = await listPhotos();
    const failed = photos.filter(({ processing }) => processing === 'failed');
    expect(failed.length === 0, `no failed photo: ${failed.map(({ fileName }) => fileName)}`);
    if (photos.every(({ processing }) => processing === 'ready')) return photos;
    expect(Date.now() - began < READY_TIMEOUT_MS, 'previews in time');
  }
}

async function listPhotos() {
  const photos = [];
  for await (const page of photoPages(client)) photos.push(...page);
  return photos;
}

/** Copies all originals into a new folder and compares them with what was sent, byte for byte. */
async function checkDownloads() {
  const target = join(folder, `originals-${Date.now()}`);
  await cli('download', target);
  const [sent, received] = await Promise.all([hashesOf(uploads), hashesOf(target)]);
  expect(sent.join() === received.join(), 'what comes back is what was sent');
  await fact('downloads', received.length);
}

async function hashesOf(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const hash = async ({ parentPath, name }) =>
    createHash('sha256')
      .update(await readFile(join(parentPath, name)))
      .digest('hex');
  return (await Promise.all(entries.filter((entry) => entry.isFile()).map(hash))).sort();
}

/**
 * Each preview is a JPEG whose long side is the preview's size, or the original's if that is smaller. Camera RAW has a
 * picture of some smaller size inside, of which its previews are made.
 */
async function checkPreviews(originals) {
  const photos = await listPhotos();
  for (const { name, sha256, width, height } of originals) {
    const photo = photos.find(({ hash }) => hash === sha256);
    for (const [size, longest] of Object.entries(previewSizes)) {
      const { url } = await client.downloadPhoto({ params: { id: photo.id }, query: { size } });
      const response = await client.fetchMedia(url, {});
      const bytes = Buffer.from(await response.arrayBuffer());
      const preview = await sharp(bytes).metadata();
      const wanted = Math.min(longest, Math.max(width, height));
      const what = `${photo.fileName}, ${size}: ${response.status}, ${preview.format} of ${preview.width} x ${preview.height}`;
      const longSide = Math.max(preview.width, preview.height);
      const isRightSize = name.startsWith('good/raw/') ? longSide <= wanted : longSide === wanted;
      expect(response.ok && preview.format === 'jpeg' && isRightSize, `a JPEG of ${wanted} px: ${what}`);
      process.stdout.write(`${what}\n`);
    }
  }
  await fact('previews', originals.length * Object.keys(previewSizes).length);
}

/** Read from its beginning, the feed tells the newest state of every photo, once. */
async function checkFeed() {
  const fed = new Map();
  for (let cursor; ; ) {
    const page = await client.getFeed({ query: { cursor, limit: 500 } });
    for (const { type, data } of page.items) if (type === 'photo') fed.set(data.id, data);
    cursor = page.cursor;
    if (!page.hasMore) break;
  }
  const photos = await listPhotos();
  const missing = photos.filter(({ id, version }) => fed.get(id)?.version !== version);
  expect(
    missing.length === 0 && fed.size === photos.length,
    `a complete feed, not without ${missing.length}`,
  );
  await fact('feed', fed.size);
}

function fact(key, value) {
  return appendFile(facts, `${key}\t${value}\n`);
}

function expect(holds, what) {
  if (!holds) throw new Error(`Expected ${what}`);
}
