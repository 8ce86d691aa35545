/**
 * A process whose memory is watched: `node s3-memory-child.mjs <options>`. It runs the built package, as the node does, and
 * says by how many bytes it grew while 300 MB were stored in one part, and while they were read.
 */
import { Readable } from 'node:stream';
import { createS3Store } from '../dist/index.js';

const SIZE = 300_000_000;
const store = createS3Store(JSON.parse(process.argv[2]));

function source(size) {
  let left = size;
  return new Readable({
    read() {
      const length = Math.min(left, 65_536);
      left -= length;
      this.push(length > 0 ? Buffer.alloc(length, left % 251) : null);
    },
  });
}

async function upload(size) {
  const begun = await store.beginUpload('memory', size, size, { contentType: 'image/jpeg' });
  return store.completeUpload(begun, [await store.writePart(begun, 0, source(size))]);
}

async function download() {
  let total = 0;
  for await (const chunk of (await store.get('memory')).body) total += chunk.length;
  return total;
}

/** Bytes of memory at the highest point of the work, above its beginning. */
async function growth(work) {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  await work();
  clearInterval(timer);
  return most - before;
}

await upload(10_000_000);
await download();
const up = await growth(() => upload(SIZE));
const down = await growth(async () => {
  if ((await download()) !== SIZE) throw new Error('bytes are missing');
});
await store.delete('memory');
await store.close();
process.stdout.write(JSON.stringify({ up, down }));
