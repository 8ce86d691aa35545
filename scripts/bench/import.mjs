// `npm run bench import`: an import of a 5 GB archive, its speed against hashing and copying, and the memory of the node meanwhile; then the
// time that an archive of many small files takes.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient, createMemoryTokenStore } from '../../packages/client/dist/index.js';
import { processMemory, startNode } from './start-node.mjs';

const yazl = createRequire(new URL('../../services/gateway/package.json', import.meta.url))('yazl');

const PHOTOS = Number(process.argv[3] ?? 1250);
const PHOTO_BYTES = 4_000_000;
const COPIED = 100;
const SMALL_FILES = 20_000;
const YEAR = 'Takeout/Google Photos/Photos from 2015';

const say = (line) => process.stdout.write(`${line}\n`);
const head = await readFile(
  fileURLToPath(new URL('../../packages/testkit/samples/good/jpeg/plain.jpg', import.meta.url)),
);

/** A file that begins as a JPEG, is unlike all others, and goes on as zeros. */
function* photoBytes() {
  yield Buffer.concat([head, randomBytes(16)]);
  const zeros = Buffer.alloc(256 * 1024);
  for (let left = PHOTO_BYTES - head.length - 16; left > 0; left -= zeros.length)
    yield zeros.subarray(0, Math.min(left, zeros.length));
}

async function writeArchive(path, addFiles) {
  const zip = new yazl.ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(path));
  addFiles(zip);
  zip.end({ forceZip64Format: true });
  await written;
}

const sidecarOf = (name) =>
  Buffer.from(
    JSON.stringify({
      title: name,
      photoTakenTime: { timestamp: '1449418710' },
      description: `About ${name}`,
    }),
  );

const makePhotos = (path) =>
  writeArchive(path, (zip) => {
    for (let at = 0; at < PHOTOS; at += 1) {
      const name = `IMG_${at}.jpg`;
      zip.addReadStreamLazy(`${YEAR}/${name}`, { compress: false, size: PHOTO_BYTES }, (done) =>
        done(null, Readable.from(photoBytes())),
      );
      zip.addBuffer(sidecarOf(name), `${YEAR}/${name}.json`);
    }
  });

const makeSmallFiles = (path) =>
  writeArchive(path, (zip) => {
    for (let at = 0; at < SMALL_FILES; at += 1)
      zip.addBuffer(sidecarOf(`IMG_${at}.jpg`), `${YEAR}/IMG_${at}.jpg.json`, { compress: false });
  });

/** What any durable import has to do at least: read, hash, write, sync. */
async function hashAndCopy(source, folder) {
  const started = performance.now();
  for (let at = 0; at < COPIED; at += 1) {
    const hash = createHash('sha256');
    const file = await open(join(folder, String(at)), 'w');
    const range = { start: at * PHOTO_BYTES, end: (at + 1) * PHOTO_BYTES - 1 };
    for await (const bytes of createReadStream(source, range)) {
      hash.update(bytes);
      await file.write(bytes);
    }
    await file.sync();
    await file.close();
    hash.digest();
  }
  return (COPIED * PHOTO_BYTES) / 1e6 / ((performance.now() - started) / 1000);
}

/** Follows an import to its end. Resolves to what it is then, its time, and the memory of the node. */
async function follow(client, node, importId) {
  const before = await processMemory(node.pid);
  let most = before;
  const started = performance.now();
  for (;;) {
    most = Math.max(most, await processMemory(node.pid));
    const job = await client.getImport({ params: { id: importId } });
    if (['completed', 'failed'].includes(job.status))
      return { job, seconds: (performance.now() - started) / 1000, before, most };
    await sleep(250);
  }
}

const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  const imports = join(folder, 'imports');
  const copies = join(folder, 'copies');
  for (const path of [imports, copies]) await mkdir(path);
  await makePhotos(join(imports, 'photos.zip'));
  await makeSmallFiles(join(imports, 'small.zip'));
  const copied = await hashAndCopy(join(imports, 'photos.zip'), copies);
  const node = await startNode(join(folder, 'data'), { IMPORT_DIR: imports });
  const client = createClient({ baseUrl: node.url, tokens: createMemoryTokenStore() });
  await client.signUp({ email: 'bench@example.org', password: 'a long password', code: node.claimCode });
  await client.claimServer({ body: { ownerEmail: 'bench@example.org', code: node.claimCode } });
  // The token from before the claim is not the owner's.
  await client.signIn({ email: 'bench@example.org', password: 'a long password' });
  for (const path of ['photos.zip', 'small.zip']) {
    const { importJobId } = await client.createImport({ body: { source: 'takeout', path } });
    const { job, seconds, before, most } = await follow(client, node, importJobId);
    const rate = job.bytesTotal / 1e6 / seconds;
    say(
      `${path}: ${job.total} files (${mb(job.bytesTotal)}) in ${seconds.toFixed(1)} s, ${rate.toFixed(1)} MB/s, ${(job.total / seconds).toFixed(0)} files/s; ` +
        `${job.status}, ${job.imported} imported; the node's memory ${mb(before)}, at most ${mb(most)}`,
    );
    if (path === 'photos.zip')
      say(`hash+copy+fsync, one at a time: ${copied.toFixed(0)} MB/s, ratio ${(rate / copied).toFixed(2)}`);
  }
  await node.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
