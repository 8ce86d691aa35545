import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import type { User } from '../user.js';
import {
  ended,
  type Files,
  originalsOf,
  photo,
  reportOf,
  sendArchive,
  sidecar,
  startImport,
  zipOf,
} from './archives.js';

const ROOT = 'Takeout/Google Photos';
const YEAR = `${ROOT}/Photos from 2015`;

describeWithPostgres('photos that stand in an export more than once', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  const send = async (user: User, name: string, files: Files) => sendArchive(user, await zipOf(files), name);

  it('are stored once, also when they are neighbours in the archive and have several chunks', async () => {
    const user = node.user();
    const files: Files = {};
    for (let at = 0; at < 30; at += 1) {
      files[`${YEAR}/${at}.jpg`] = photo(`twin ${at}`, 3500);
      files[`${ROOT}/Trip/${at}.jpg`] = photo(`twin ${at}`, 3500);
    }
    const id = await startImport(user, {
      source: 'takeout',
      hash: await send(user, 'takeout-001.zip', files),
    });
    expect(await ended(user, id)).toMatchObject({ imported: 30, duplicates: 30, failed: 0 });
    expect(await originalsOf(node, user)).toHaveLength(30);
  });

  const inTrash = { [`${ROOT}/Trash/t.jpg`]: photo('in the trash and elsewhere') };
  const inYear = { [`${YEAR}/t.jpg`]: photo('in the trash and elsewhere') };

  it.each([
    ['the trash first', { ...inTrash, ...inYear }],
    ['the trash last', { ...inYear, ...inTrash }],
  ])('do not end in the trash when they are elsewhere, too: %s', async (_order, files) => {
    const user = node.user();
    const id = await startImport(user, {
      source: 'takeout',
      hash: await send(user, 'takeout-001.zip', files),
    });
    expect(await ended(user, id)).toMatchObject({ imported: 1, duplicates: 1 });
    const { photoId } = (await reportOf(user, id))[`${YEAR}/t.jpg`];
    const told = node.catalog.described
      .flatMap(({ photos }) => photos)
      .filter((each) => each.photoId === photoId);
    expect(told.map(({ trashed }) => trashed)).toEqual([false, false]);
  });

  it('come out of the trash when a later part has them elsewhere', async () => {
    const user = node.user();
    const id = await startImport(user, {
      source: 'takeout',
      hash: await send(user, 'takeout-001.zip', inTrash),
    });
    await ended(user, id);
    const { photoId } = (await reportOf(user, id))[`${ROOT}/Trash/t.jpg`];
    expect(node.catalog.described.at(-1)?.photos).toMatchObject([{ photoId, trashed: true }]);
    node.catalog.states.set(photoId, 'trashed');
    const later = await send(user, 'takeout-002.zip', inYear);
    await user.call(`/imports/${id}/parts`, { json: { hashes: [later] } });
    expect(await ended(user, id)).toMatchObject({ imported: 1, duplicates: 1 });
    expect(node.catalog.states.get(photoId)).toBe('active');
  });

  it('do not lend their sidecar to another photo because they are broken', async () => {
    const user = node.user();
    const first = await send(user, 'takeout-001.zip', {
      [`${YEAR}/X.HEIC`]: 'no picture at all',
      [`${YEAR}/X.HEIC.json`]: sidecar('X.HEIC', '2015-07-01T10:00:00Z', { description: 'Of the HEIC' }),
      [`${YEAR}/X.jpg`]: photo('another picture'),
    });
    const id = await startImport(user, { source: 'takeout', hash: first });
    expect(await ended(user, id)).toMatchObject({ imported: 1, failed: 1 });
    const later = await send(user, 'takeout-002.zip', { [`${YEAR}/Z.jpg`]: photo('of a later part') });
    await user.call(`/imports/${id}/parts`, { json: { hashes: [later] } });
    expect(await ended(user, id)).toMatchObject({ imported: 2, failed: 1 });
    expect((await reportOf(user, id))[`${YEAR}/X.jpg`]).toMatchObject({ sidecar: null });
  });

  it('archives in an archive are distinguished from other files', async () => {
    const user = node.user();
    const inner = await zipOf({ 'a.jpg': photo('inside') });
    const id = await startImport(user, {
      source: 'takeout',
      hash: await send(user, 'takeout-001.zip', { 'takeout-inner.zip': inner }),
    });
    expect(await ended(user, id)).toMatchObject({ unsupported: 1, ignored: 0 });
    expect((await reportOf(user, id))['takeout-inner.zip']).toMatchObject({ code: 'archive_in_archive' });
  });
});
