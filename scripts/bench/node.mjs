// `npm run bench`: starts a node on an empty data folder and measures it against bare loops, in one run on one machine.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  createClient,
  createMemoryTokenStore,
  sha256File,
  uploadPhoto,
} from '../../packages/client/dist/index.js';
import { memoryOf, startNode } from './start-node.mjs';

const PHOTOS = 100;
const PHOTO_BYTES = 4_000_000;
const AT_A_TIME = 4;
const ROUNDS = 3;

const say = (line) => process.stdout.write(`${line}\n`);
const seconds = async (work) => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs `work` over the items, some at a time. */
async function inParallel(items, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

/** Files that begin as a JPEG and go on as noise: what is measured is the way in, not the previews. */
async function makePhotos(folder, round) {
  const head = await readFile(
    fileURLToPath(new URL('../../packages/testkit/samples/good/jpeg/plain.jpg', import.meta.url)),
  );
  const paths = [];
  for (let index = 0; index < PHOTOS; index += 1) {
    const path = join(folder, `${round}-${index}.jpg`);
    await writeFile(path, Buffer.concat([head, randomBytes(PHOTO_BYTES - head.length)]));
    paths.push(path);
  }
  return paths;
}

/** What any durable backup has to do at least: read, hash, write, sync. */
async function hashAndCopy(path, target) {
  const hash = createHash('sha256');
  const file = await open(target, 'w');
  for await (const bytes of createReadStream(path)) {
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.sync();
  await file.close();
  hash.digest();
}

async function measureRound(client, folder, round) {
  const paths = await makePhotos(folder, round);
  const copies = join(folder, `copies-${round}`);
  await mkdir(copies);
  const hashes = new Map();
  for (const path of paths) hashes.set(path, await sha256File(path));
  const copy = await seconds(() =>
    inParallel(paths, (path) => hashAndCopy(path, join(copies, path.split('/').pop()))),
  );
  const upload = await seconds(() =>
    inParallel(paths, (path) =>
      uploadPhoto(client, {
        source: { path },
        sizeBytes: PHOTO_BYTES,
        hash: hashes.get(path),
        mimeType: 'image/jpeg',
        fileName: 'x.jpg',
      }),
    ),
  );
  for (const name of await readdir(copies)) await rm(join(copies, name));
  for (const path of paths) await rm(path);
  const mbps = (PHOTOS * PHOTO_BYTES) / 1e6;
  say(
    `round ${round}: upload ${(mbps / upload).toFixed(0)} MB/s, hash+copy+fsync ${(mbps / copy).toFixed(0)} MB/s, ratio ${(copy / upload).toFixed(2)}`,
  );
  return copy / upload;
}

const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  const first = await startNode(join(folder, 'data'));
  say(`first start on an empty folder: ${first.seconds.toFixed(1)} s to healthy`);
  await first.stop();
  const node = await startNode(join(folder, 'data'));
  say(`second start: ${node.seconds.toFixed(1)} s to healthy`);
  // What "idle" means here: nothing tells when a process has given back what its start took.
  await sleep(20_000);
  say(`idle memory: ${await memoryOf(node.pid, join(folder, 'data'))}`);
  const client = createClient({ baseUrl: node.url, tokens: createMemoryTokenStore() });
  await client.signUp({ email: 'bench@example.org', password: 'a long password', code: node.claimCode });
  await client.claimServer({ body: { ownerEmail: 'bench@example.org', code: node.claimCode } });
  const ratios = [];
  for (let round = 1; round <= ROUNDS; round += 1) ratios.push(await measureRound(client, folder, round));
  say(
    `upload through the gateway against hash+copy+fsync, ${PHOTOS} photos of 4 MB, ${AT_A_TIME} at a time: median ${median(ratios).toFixed(2)}`,
  );
  await node.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
