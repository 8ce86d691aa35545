// `npm run bench upload [-- --system services]`: photos on their way in, beside what others do with the same files, in one run on one
// machine; and the processor time of a small photo until it is ready.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256File } from '../../packages/client/dist/index.js';
import { startSystem } from './measured-system.mjs';
import { readOptions } from './options.mjs';
import { claimAsOwner, send, untilProcessed } from './owner.mjs';
import { perItem } from './processes.mjs';
import { heading, medianParts, showMemory, sum, table } from './report.mjs';
import { inParallel, ratios, secondsOf, spread, takeTurns } from './rounds.mjs';
import { copyDurably, sendToPipe, sendToTus, startPeer } from './upload-peers.mjs';

const AT_A_TIME = 4;
/** A node runs for weeks, and V8 compiles its code in the first hundreds of photos. All peers warm up as long. */
const WARM_UPS = 4;
const LARGE = { name: '4 MB', bytes: 4_000_000, count: 50 };
const SMALL = { name: '100 KB', bytes: 100_000, count: 120 };
const SAMPLE = fileURLToPath(new URL('../../packages/testkit/samples/good/jpeg/plain.jpg', import.meta.url));

/**
 * Real JPEGs that differ: what makes them as large as wanted is noise behind the end of the image. They stay until the end, 9 GB with all
 * copies: after many deletions ext4 makes files slowly for minutes, and later rounds would measure that.
 */
async function makePhotos(folder, { bytes, count }) {
  await mkdir(folder);
  const picture = await readFile(SAMPLE);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const path = join(folder, `${index}.jpg`);
      await writeFile(path, Buffer.concat([picture, randomBytes(bytes - picture.length)]));
      return { path, hash: await sha256File(path), bytes };
    }),
  );
}

async function measureLarge(client, system, folder, rounds) {
  const peers = {
    tus: await startPeer('tus', join(folder, 'tus')),
    pipe: await startPeer('pipe', join(folder, 'pipe')),
  };
  const by =
    (work) =>
    async ({ photos, copies }) => ({
      seconds: await secondsOf(() => inParallel(photos, AT_A_TIME, (photo) => work(photo, copies))),
    });
  const measured = await takeTurns(
    {
      LazyPhotos: async (given) => {
        const before = await system.processorTimes();
        const { seconds } = await by((photo) => send(client, photo))(given);
        // Previews must not take the processor from the next peer.
        await untilProcessed(client, LARGE.count);
        return { seconds, parts: perItem(before, await system.processorTimes(), LARGE.count) };
      },
      '@tus/server with its file store': by((photo) => sendToTus(peers.tus.url, photo)),
      'a bare pipe to a file': by((photo) => sendToPipe(peers.pipe.url, photo)),
      'SHA-256, copy, fsync': by(copyDurably),
    },
    {
      rounds,
      warmUps: WARM_UPS,
      prepare: async (round) => {
        const copies = join(folder, `copies-${round}`);
        await mkdir(copies);
        return { copies, photos: await makePhotos(join(folder, `large-${round}`), LARGE) };
      },
    },
  ).finally(() => {
    for (const peer of Object.values(peers)) peer.stop();
  });
  const secondsOfEach = (name) => measured[name].map(({ seconds }) => seconds);
  const rate = (seconds) => (LARGE.count * LARGE.bytes) / 1e6 / seconds;
  table(
    [
      `photos of ${LARGE.name}, ${AT_A_TIME} at a time, ${rounds} rounds`,
      'MB/s',
      'LazyPhotos against it',
      'processor time of each in ms',
    ],
    Object.entries(measured).map(([name, values]) => [
      name,
      spread(secondsOfEach(name).map(rate), 0),
      name === 'LazyPhotos' ? '' : spread(ratios(secondsOfEach(name), secondsOfEach('LazyPhotos'))),
      values[0].parts ? medianParts(values) : '',
    ]),
  );
}

async function measureSmall(client, system, folder, rounds) {
  const { small } = await takeTurns(
    {
      small: async (photos) => {
        const before = await system.processorTimes();
        const seconds = await secondsOf(async () => {
          await inParallel(photos, AT_A_TIME, (photo) => send(client, photo));
          await untilProcessed(client, SMALL.count);
        });
        return { seconds, parts: perItem(before, await system.processorTimes(), SMALL.count) };
      },
    },
    { rounds, prepare: (round) => makePhotos(join(folder, `small-${round}`), SMALL) },
  );
  table(
    [
      `photos of ${SMALL.name} until ready, ${AT_A_TIME} at a time, ${rounds} rounds`,
      'photos/s',
      'processor time of each in ms',
      'its spread',
    ],
    [
      [
        'LazyPhotos',
        spread(
          small.map(({ seconds }) => SMALL.count / seconds),
          1,
        ),
        medianParts(small),
        spread(
          small.map(({ parts }) => sum(parts)),
          1,
        ),
      ],
    ],
  );
}

const options = readOptions(process.argv.slice(2));
const rounds = options.rounds ?? 5;
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await heading('upload', options);
  const system = await startSystem(options, folder);
  try {
    const { client } = await claimAsOwner(system);
    await measureLarge(client, system, folder, rounds);
    await measureSmall(client, system, folder, rounds);
    await showMemory(system);
  } finally {
    await system.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
