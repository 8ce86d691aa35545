/**
 * A process that is going to be killed: `node crash-child.mjs <root> <what>`. It runs the built package, as the node does.
 * Lines on stdout say how far it is: each key whose write has been acknowledged, or `stalled`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createFilesystemStore } from '../dist/index.js';

const [root, what] = process.argv.slice(2);
const store = await createFilesystemStore({ root });
const say = (line) => writeSync(1, `${line}\n`);

/** Gives some bytes and then no more, and does not end. */
function stallingStream() {
  let given = false;
  return new Readable({
    read() {
      if (!given) this.push(randomBytes(1_000_000));
      else {
        say('stalled');
        setInterval(() => undefined, 60_000); // keeps the process
      }
      given = true;
    },
  });
}

function attributesOf(bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { contentType: 'image/jpeg', metadata: { sha256 } };
}

/** Writes and replaces objects both ways, for ever. */
async function beBusy(worker) {
  for (let round = 0; ; round++) {
    const key = `busy/${worker}/${round % 7}`;
    const bytes = randomBytes(20_000 + (round % 3));
    if (round % 2 === 0) {
      await store.put(key, Readable.from([bytes]), attributesOf(bytes));
    } else {
      const upload = await store.beginUpload(key, bytes.length, 10_000, attributesOf(bytes));
      const parts = [0, 1, 2].filter((index) => index * 10_000 < bytes.length);
      const stored = await Promise.all(
        parts.map((index) =>
          store.writePart(
            upload,
            index,
            Readable.from([bytes.subarray(index * 10_000, (index + 1) * 10_000)]),
          ),
        ),
      );
      await store.completeUpload(upload, stored);
    }
    say(key);
    if (round % 5 === 4) await store.delete(`busy/${worker}/deleted`);
  }
}

if (what === 'put') {
  await store.put('photos/stalled', stallingStream(), { contentType: 'image/jpeg' });
} else if (what === 'part') {
  const upload = await store.beginUpload('photos/staged', 2_000_000, 1_500_000, {
    contentType: 'image/jpeg',
  });
  const tail = await store.writePart(upload, 1, Readable.from([Buffer.alloc(500_000, 'tail')]));
  say(JSON.stringify({ upload, tail }));
  await store.writePart(upload, 0, stallingStream());
} else {
  await Promise.all([0, 1, 2, 3].map(beBusy));
}
