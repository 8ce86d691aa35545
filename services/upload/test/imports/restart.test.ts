import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ObjectStore, StorageUnavailableError } from '@lazyphotos/object-storage';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { createGround, type Ground, startUpload, type UploadNode } from '../harness.js';
import { sha256, type User } from '../user.js';
import { type Files, originalsOf, photo, sendArchive, sidecar, video, zipOf } from './archives.js';

const ROOT = 'Takeout/Google Photos';

/** Forty photos, some of them twice, with sidecars, an album, a video, and a file that is not a photo. */
function library(): Files {
  const files: Files = {
    [`${ROOT}/Trip/metadata.json`]: { title: 'Trip' },
    'Takeout/index.html': '<html></html>',
  };
  for (let at = 0; at < 40; at += 1) {
    files[`${ROOT}/Photos from 2015/${at}.jpg`] = photo(`number ${at}`, 900 + at * 120);
    if (at % 2 === 0)
      files[`${ROOT}/Photos from 2015/${at}.jpg.json`] = sidecar(`${at}.jpg`, '2015-07-01T10:00:00Z');
    if (at % 5 === 0) files[`${ROOT}/Trip/${at}.jpg`] = photo(`number ${at}`, 900 + at * 120);
    if (at % 9 === 0) files[`${ROOT}/Photos from 2015/${at}.mp4`] = video(`clip ${at}`);
  }
  return files;
}

/** Makes the store fail at its `count`th write of a part, read or assembly from now on, and from then on at every one. */
function failingAfter(count: number) {
  let left = count;
  const died = Promise.withResolvers<void>();
  const guard =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      left -= 1;
      if (left < 0) {
        died.resolve();
        throw new StorageUnavailableError('cut off');
      }
      return work(...args);
    };
  const decorate = (store: ObjectStore): ObjectStore => ({
    ...store,
    get: guard(store.get.bind(store)),
    writePart: guard(store.writePart.bind(store)),
    completeUpload: guard(store.completeUpload.bind(store)),
  });
  return { decorate, died: died.promise };
}

describeWithPostgres('an import that is cut off', () => {
  let ground: Ground;
  let archive: Buffer<ArrayBuffer>;
  beforeAll(async () => {
    ground = await createGround();
    archive = await zipOf(library());
  });
  afterAll(() => ground.remove());

  const runToTheEnd = async (node: UploadNode, user: User, id: string) =>
    eventually(async () => {
      const { body } = await user.call(`/imports/${id}`);
      const { waiting, imported, duplicates, failed, unsupported, sidecars, ignored, processed, total } =
        body;
      expect(waiting + imported + duplicates + failed + unsupported + sidecars + ignored).toBe(total);
      expect(processed).toBe(total - waiting);
      node.advance(60_000);
      expect(body.status).toBe('completed');
      return body;
    });

  it('ends the same way, wherever that was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 160 }), { minLength: 1, maxLength: 3 }),
        async (cuts) => {
          let node = await startUpload({ ground });
          const { id: userId } = node.user();
          const hash = await sendArchive(node.user(userId), archive);
          const { body } = await node.user(userId).call('/imports', { json: { source: 'takeout', hash } });
          for (const cut of cuts) {
            await node.stop();
            const { decorate } = failingAfter(cut);
            node = await startUpload({ ground, decorate });
            await eventually(async () => {
              const { rows } = await node.pool.query(
                'SELECT status, pause_reason FROM imports WHERE id = $1',
                [body.importJobId],
              );
              expect([rows[0].status === 'completed' || rows[0].pause_reason !== null]).toEqual([true]);
            });
          }
          await node.stop();
          node = await startUpload({ ground });
          const user = node.user(userId);
          const job = await runToTheEnd(node, user, body.importJobId);
          expect(job).toMatchObject({
            imported: 40,
            duplicates: 8,
            unsupported: 5,
            sidecars: 21,
            ignored: 1,
            failed: 0,
          });
          const keys = await originalsOf(node, user);
          expect(keys).toHaveLength(40);
          const stored = await Promise.all(
            keys.map(async (key) => sha256(Buffer.concat(await (await node.store.get(key)).body.toArray()))),
          );
          expect(new Set(stored).size).toBe(40);
          await node.stop();
        },
      ),
      { numRuns: 3, seed: 20151206 },
    );
  });
});
