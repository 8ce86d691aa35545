import { afterAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { ended, photo, sendArchive, startImport, video, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';
/** As many as make a rate vanish that each batch of 16 lowers by a fifth. */
const VIDEOS = 900;

describeWithPostgres('the time that an import still needs', () => {
  let node: UploadNode | undefined;
  afterAll(() => node?.stop());

  it('is known after thousands of videos, which are not read', async () => {
    const gate = Promise.withResolvers<void>();
    const last = Promise.withResolvers<void>();
    let described = 0;
    node = await startUpload({
      catalog: {
        describeImported: async () => {
          described += 1;
          if (described === 2) {
            last.resolve();
            await gate.promise;
          }
          return { unknown: [] };
        },
      },
    });
    const user = node.user();
    const files: [string, Buffer][] = [[`${YEAR}/first.jpg`, photo('first')]];
    for (let at = 0; at < VIDEOS; at++) files.push([`${YEAR}/${at}.mp4`, video(String(at))]);
    files.push([`${YEAR}/last.jpg`, photo('last')]);
    const hash = await sendArchive(user, await zipOf(Object.fromEntries(files)));
    const id = await startImport(user, { source: 'takeout', hash });
    await last.promise;
    const { status, body } = await user.call(`/imports/${id}`);
    gate.resolve();
    expect(status).toBe(200);
    expect(body.waiting).toBeGreaterThan(0);
    // What is left has a few thousand bytes.
    expect(body.secondsLeft).toBeLessThan(86_400);
    expect(await ended(user, id)).toMatchObject({ imported: 2, unsupported: VIDEOS });
  });
});
