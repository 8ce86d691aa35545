// `npm run bench import`: an import of a 5 GB archive against reading and hashing it, and the memory of the node meanwhile; then the time
// that an archive of many small files takes.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient, createMemoryTokenStore } from '../../packages/client/dist/index.js';
import { measuresOf } from './processes.mjs';
import { heading, remark, table } from './report.mjs';
import { startNode } from './start-node.mjs';

const yazl = createRequire(new URL('../../services/gateway/package.json', import.meta.url))('yazl');

const PHOTOS = 1250;
const PHOTO_BYTES = 4_000_000;
const SMALL_FILES = 20_000;
const YEAR = 'Takeout/Google Photos/Photos from 2015';

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

/** The least that an import does: it reads the archive and hashes it. */
async function readAndHash(path) {
  const started = performance.now();
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(bytes);
  hash.digest();
  return (performance.now() - started) / 1000;
}

/** Follows an import to its end. Resolves to what it is then, its time, and the memory and processor time of the node. */
async function follow(client, dataDir, importId) {
  const measures = measuresOf(dataDir);
  const memory = async () => (await measures.memory()).node;
  const processorSeconds = async () =>
    Object.values(await measures.processorTimes()).reduce((sum, seconds) => sum + seconds, 0);
  const before = await memory();
  const cpuBefore = await processorSeconds();
  let most = before;
  const started = performance.now();
  for (;;) {
    most = Math.max(most, await memory());
    const job = await client.getImport({ params: { id: importId } });
    if (['completed', 'failed'].includes(job.status))
      return {
        job,
        seconds: (performance.now() - started) / 1000,
        before,
        most,
        cpu: (await processorSeconds()) - cpuBefore,
      };
    await sleep(250);
  }
}

const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
const dataDir = join(folder, 'data');
try {
  await heading('import');
  const imports = join(folder, 'imports');
  await mkdir(imports);
  await makePhotos(join(imports, 'photos.zip'));
  await makeSmallFiles(join(imports, 'small.zip'));
  const hashed = await readAndHash(join(imports, 'photos.zip'));
  // Pictures of more than one pixel get no previews: those are off the clock.
  const node = await startNode(dataDir, { IMPORT_DIR: imports, LAZYPHOTOS_MAX_PIXELS: '1' });
  const client = createClient({ baseUrl: node.url, tokens: createMemoryTokenStore() });
  await client.signUp({ email: 'bench@example.org', password: 'a long password', code: node.claimCode });
  await client.claimServer({ body: { ownerEmail: 'bench@example.org', code: node.claimCode } });
  // The token from before the claim is not the owner's.
  await client.signIn({ email: 'bench@example.org', password: 'a long password' });
  const rows = [];
  let perPhoto = 0;
  for (const path of ['photos.zip', 'small.zip']) {
    const { importJobId } = await client.createImport({ body: { source: 'takeout', path } });
    const { job, seconds, before, most, cpu } = await follow(client, dataDir, importJobId);
    rows.push([
      `${path}, ${job.total} entries, ${mb(job.bytesTotal)}: ${job.status}, ${job.imported} imported`,
      seconds.toFixed(1),
      (job.total / seconds).toFixed(0),
      (job.bytesTotal / 1e6 / seconds).toFixed(1),
      `${mb(before)}, ${mb(most)}`,
    ]);
    if (path !== 'photos.zip') continue;
    perPhoto = cpu / job.imported;
    const rate = [
      hashed.toFixed(1),
      (job.total / hashed).toFixed(0),
      (job.bytesTotal / 1e6 / hashed).toFixed(1),
    ];
    rows.push([`reading and hashing it; ratio ${(hashed / seconds).toFixed(2)}`, ...rate, '']);
  }
  table(['archive', 's', 'entries/s', 'MB/s', 'memory of the node before, at most'], rows);
  remark(
    `processor time of node and PostgreSQL: ${(perPhoto * 1000).toFixed(0)} ms a photo, without previews; ` +
      'docs/scaling.md has what that is on a Raspberry Pi',
  );
  await node.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
