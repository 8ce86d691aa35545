// `npm run bench previews [-- --system services]`: photos of 12 megapixels and more. How fast they come in while previews are made, and
// when none can be made; how long until the last is ready; beside sharp alone, which makes the same two previews of the same files.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256File } from '../../packages/client/dist/index.js';
import { startSystem } from './measured-system.mjs';
import { readOptions } from './options.mjs';
import { claimAsOwner, send, untilProcessed } from './owner.mjs';
import { perItem } from './processes.mjs';
import { heading, medianParts, remark, showMemory, table } from './report.mjs';
import { inParallel, median, ratios, secondsOf, spread, takeTurns } from './rounds.mjs';

const sharp = createRequire(new URL('../../services/media-worker/package.json', import.meta.url))('sharp');
const AT_A_TIME = 4;
const COUNT = 40;
const LEAST_PIXELS = 12_000_000;
const SIZES = { medium: 1080, thumb: 300 };
const QUALITY = 80;
/** Real photos, where they are there. */
const PHOTOS = fileURLToPath(new URL('../../../shared/photos/good/jpeg', import.meta.url));

/** Large photos, of cameras where they are there, otherwise one that is made of waves and noise. */
async function pictures() {
  const found = [];
  for (const name of await readdir(PHOTOS).catch(() => [])) {
    const bytes = await readFile(join(PHOTOS, name));
    const { width = 0, height = 0 } = await sharp(bytes)
      .metadata()
      .catch(() => ({}));
    if (width * height >= LEAST_PIXELS) found.push(bytes);
  }
  if (found.length > 0) return found;
  const [width, height] = [4000, 3000];
  const noise = { type: 'gaussian', mean: 128, sigma: 20 };
  const image = sharp({ create: { width, height, channels: 3, background: '#6688aa', noise } });
  return [await image.jpeg({ quality: 90 }).toBuffer()];
}

/** Distinct files of these pictures: bytes behind the end of a JPEG are not looked at. Without its start it is no picture. */
async function makeFiles(folder, all, { readable }) {
  await mkdir(folder);
  return Promise.all(
    Array.from({ length: COUNT }, async (_, index) => {
      const bytes = Buffer.concat([all[index % all.length], randomBytes(16)]);
      if (!readable) randomBytes(bytes.length - 20).copy(bytes, 20);
      const path = join(folder, `${index}.jpg`);
      await writeFile(path, bytes);
      return { path, bytes: bytes.length, hash: await sha256File(path) };
    }),
  );
}

async function previewsOf({ path }) {
  for (const side of Object.values(SIZES))
    await sharp(path)
      .rotate()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: QUALITY })
      .toBuffer();
}

async function measure(system, client, all, { folder, rounds }) {
  const upload = async (files) => {
    const before = await system.processorTimes();
    let sent;
    const ready = await secondsOf(async () => {
      sent = await secondsOf(() => inParallel(files, AT_A_TIME, (file) => send(client, file)));
      await untilProcessed(client, COUNT);
    });
    return { sent, ready, parts: perItem(before, await system.processorTimes(), COUNT) };
  };
  let megabytesSent = 0;
  const measured = await takeTurns(
    {
      photos: ({ photos }) => upload(photos),
      damaged: ({ damaged }) => upload(damaged),
      sharp: async ({ photos }) => {
        const before = process.cpuUsage();
        const ready = await secondsOf(() => inParallel(photos, 1, previewsOf));
        const { user, system: kernel } = process.cpuUsage(before);
        return { ready, parts: { sharp: (user + kernel) / 1000 / COUNT } };
      },
    },
    {
      rounds,
      // Files stay until the end: see upload.mjs.
      prepare: async (round) => {
        const photos = await makeFiles(join(folder, `photos-${round}`), all, { readable: true });
        const damaged = await makeFiles(join(folder, `damaged-${round}`), all, { readable: false });
        megabytesSent = photos.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
        return { photos, damaged };
      },
    },
  );
  show(measured, megabytesSent, rounds);
}

function show({ photos, damaged, sharp: alone }, megabytesSent, rounds) {
  const of = (values, key) => values.map((value) => value[key]);
  const speed = (values) =>
    spread(
      of(values, 'sent').map((seconds) => megabytesSent / seconds),
      0,
    );
  table(
    [
      `${COUNT} photos of 12 megapixels and more, ${megabytesSent.toFixed(0)} MB, ${AT_A_TIME} at a time, ${rounds} rounds`,
      'uploaded, in MB/s',
      'last one ready after, in s',
      'processor time of each in ms',
    ],
    [
      ['photos', speed(photos), spread(of(photos, 'ready'), 1), medianParts(photos, 0)],
      [
        'the same without a picture inside: no previews',
        speed(damaged),
        spread(of(damaged, 'ready'), 1),
        medianParts(damaged, 0),
      ],
      ['sharp alone, one photo at a time', '', spread(of(alone, 'ready'), 1), medianParts(alone, 0)],
    ],
  );
  remark(
    `uploads while previews are made, against none: ${spread(ratios(of(damaged, 'sent'), of(photos, 'sent')))}\n` +
      `until the last is ready, uploads included, against sharp alone: ${spread(ratios(of(alone, 'ready'), of(photos, 'ready')))}\n` +
      `photos an hour: ${((COUNT * 3600) / median(of(photos, 'ready'))).toFixed(0)}`,
  );
}

const options = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await heading('previews', options);
  const all = await pictures();
  remark(`${all.length} different photos`);
  const system = await startSystem(options, folder);
  try {
    const { client } = await claimAsOwner(system);
    await measure(system, client, all, { folder, rounds: options.rounds ?? 3 });
    await showMemory(system);
  } finally {
    await system.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
