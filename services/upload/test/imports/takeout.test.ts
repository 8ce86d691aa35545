import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { ended, photo, reportOf, sendArchive, sidecar, startImport, video, zipOf } from './archives.js';

const ROOT = 'Takeout/Google Photos';

describeWithPostgres('an import from Google Photos', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('rule 14: a photo in a year folder and in an album is stored once; every file is accounted for (rule 17: unmatched ones are imported)', async () => {
    const user = node.user();
    const beach = photo('beach');
    const hash = await sendArchive(
      user,
      await zipOf({
        [`${ROOT}/Photos from 2015/beach.jpg`]: beach,
        [`${ROOT}/Photos from 2015/beach.jpg.json`]: sidecar('beach.jpg', '2015-07-01T10:00:00Z', {
          description: 'Sand',
          favorited: true,
        }),
        [`${ROOT}/Photos from 2015/undated.jpg`]: photo('undated'),
        [`${ROOT}/Photos from 2015/clip.mp4`]: video('clip'),
        [`${ROOT}/Summer/metadata.json`]: { title: 'Summer 2015', description: 'At the sea' },
        [`${ROOT}/Summer/beach.jpg`]: beach,
        'Takeout/archive_browser.html': '<html></html>',
      }),
    );
    const id = await startImport(user, { source: 'takeout', hash });
    const job = await ended(user, id);
    expect(job).toMatchObject({
      status: 'completed',
      total: 7,
      processed: 7,
      waiting: 0,
      imported: 2,
      duplicates: 1,
      failed: 0,
      unsupported: 1,
      sidecars: 2,
      ignored: 1,
      errors: [],
    });
    const report = await reportOf(user, id);
    expect(report[`${ROOT}/Photos from 2015/beach.jpg`]).toMatchObject({
      outcome: 'imported',
      sidecar: `${ROOT}/Photos from 2015/beach.jpg.json`,
    });
    expect(report[`${ROOT}/Summer/beach.jpg`]).toMatchObject({
      outcome: 'duplicate',
      albums: ['Summer 2015'],
    });
    expect(report[`${ROOT}/Photos from 2015/clip.mp4`]).toMatchObject({
      outcome: 'unsupported',
      code: 'video',
    });
    const described = node.catalog.described.flatMap(({ photos }) => photos);
    expect(described).toContainEqual(
      expect.objectContaining({
        date: { capturedAt: '2015-07-01T10:00:00.000Z', source: 'sidecar' },
        edits: expect.objectContaining({ description: 'Sand', favorite: true }),
      }),
    );
  });
});
