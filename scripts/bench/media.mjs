// `npm run bench media [-- --system services]`: pictures by signed URL, beside nginx that serves the same files, in one run on one machine.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaUrls } from '../../packages/service-kit/dist/index.js';
import { getAll } from './keep-alive-client.mjs';
import { startSystem } from './measured-system.mjs';
import { startNginx } from './nginx-server.mjs';
import { readOptions } from './options.mjs';
import { perItem } from './processes.mjs';
import { heading, medianParts, remark, showMemory, table } from './report.mjs';
import { ratios, spread, takeTurns } from './rounds.mjs';

const CONNECTIONS = 8;
/** A node in one process sends more, so that a round takes about as long. */
const REQUESTS = { node: 20_000, services: 10_000 };
/** Until the compiler has seen enough of the node's code. */
const WARM_UPS = 3;
/** A screen or two of a gallery, which its visitors look at again and again. */
const PREVIEWS = 200;
/** What previews of 256 pixels take on average. */
const PREVIEW_BYTES = 12_000;

/** Stores previews beside the running system, as its media worker does, and for nginx; no photo belongs to them, and none is asked for. */
async function storePreviews(system, filesFolder) {
  const store = await system.openStore();
  const signingKey = await system.mediaSigningKey();
  const mediaUrls = createMediaUrls({ signingKey, baseUrl: '', lifetimeSeconds: 3600 });
  const userId = randomUUID();
  await mkdir(filesFolder);
  const previews = [];
  for (let index = 0; index < PREVIEWS; index += 1) {
    const photoId = randomUUID();
    const bytes = randomBytes(PREVIEW_BYTES);
    const { etag } = await store.put(`derived/${userId}/${photoId}/thumb`, bytes, {
      contentType: 'image/jpeg',
    });
    await writeFile(join(filesFolder, photoId), bytes);
    previews.push({ etag, file: `/${photoId}`, signed: mediaUrls.sign(userId, photoId, 'thumb').url });
  }
  await store.close();
  return previews;
}

async function measure(system, nginx, previews, { requests, rounds }) {
  const repeated = (paths) => Array.from({ length: requests }, (_, index) => paths[index % paths.length]);
  const paths = {
    signed: repeated(previews.map(({ signed }) => signed)),
    file: repeated(previews.map(({ file }) => file)),
  };
  const [first] = previews;
  const ofSystem = async (asked, options) => {
    const before = await system.processorTimes();
    const seconds = await getAll(system.url, asked, { connections: CONNECTIONS, ...options });
    return { seconds, parts: perItem(before, await system.processorTimes(), requests) };
  };
  const unchanged = { headers: `If-None-Match: "${first.etag}"\r\n`, status: 304 };
  const measured = await takeTurns(
    {
      LazyPhotos: () => ofSystem(paths.signed),
      'LazyPhotos, 304': () => ofSystem(repeated([first.signed]), unchanged),
      // Its tags are others, so a 304 of nginx is no peer.
      ...(nginx && {
        nginx: async () => ({ seconds: await getAll(nginx.url, paths.file, { connections: CONNECTIONS }) }),
      }),
    },
    { rounds, warmUps: WARM_UPS },
  );
  const secondsOf = (name) => measured[name].map(({ seconds }) => seconds);
  table(
    [
      `${PREVIEWS} files of ${PREVIEW_BYTES / 1000} KB, ${CONNECTIONS} connections, ${rounds} rounds`,
      'requests/s',
      'processor time of each in ms',
      'against nginx',
    ],
    Object.entries(measured).map(([name, values]) => [
      name,
      spread(
        secondsOf(name).map((seconds) => requests / seconds),
        0,
      ),
      values[0].parts ? medianParts(values, 3) : '',
      nginx && name === 'LazyPhotos' ? spread(ratios(secondsOf('nginx'), secondsOf(name))) : '',
    ]),
  );
  if (!nginx) remark('nginx is not installed: no ratios');
}

const options = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-bench-'));
try {
  await heading('media', options);
  const system = await startSystem(options, folder);
  try {
    const previews = await storePreviews(system, join(folder, 'files'));
    const nginx = await startNginx(join(folder, 'nginx'), join(folder, 'files'));
    try {
      await measure(system, nginx, previews, {
        requests: REQUESTS[options.system],
        rounds: options.rounds ?? 7,
      });
      await showMemory(system);
    } finally {
      await nginx?.stop();
    }
  } finally {
    await system.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
