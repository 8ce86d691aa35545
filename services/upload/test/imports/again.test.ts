import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { fileOf } from '../user.js';
import { ended, originalsOf, photo, reportOf, sendArchive, sidecar, startImport, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';

describeWithPostgres('an import that is repeated', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  const twoPhotos = {
    [`${YEAR}/a.jpg`]: photo('first'),
    [`${YEAR}/b.jpg`]: photo('second'),
    [`${YEAR}/a.jpg.json`]: sidecar('a.jpg', '2015-07-01T10:00:00Z'),
    'Takeout/Google Photos/Trip/metadata.json': { title: 'Trip' },
    'Takeout/Google Photos/Trip/a.jpg': photo('first'),
  };

  it('brings nothing new, and fills the same albums', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(twoPhotos));
    const first = await ended(user, await startImport(user, { source: 'takeout', hash }));
    const keys = await originalsOf(node, user);
    const told = node.catalog.described.length;
    const second = await ended(user, await startImport(user, { source: 'takeout', hash }));
    expect(first).toMatchObject({ imported: 2, duplicates: 1, sidecars: 2 });
    expect(second).toMatchObject({ imported: 0, duplicates: 3, sidecars: 2, total: first.total });
    expect(await originalsOf(node, user)).toEqual(keys);
    const described = node.catalog.described.filter(({ userId }) => userId === user.id);
    expect(described.flatMap(({ newAlbums }) => newAlbums)).toHaveLength(1);
    const albumIds = new Set(described.flatMap(({ photos }) => photos.flatMap((each) => each.albumIds)));
    expect(albumIds.size).toBe(1);
    expect(node.catalog.described.length).toBeGreaterThan(told);
  });

  it('puts a photo into its album once: its owner may have taken it out since', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(twoPhotos));
    const albumsOf = async () => {
      const told = node.catalog.described.length;
      await ended(user, await startImport(user, { source: 'takeout', hash }));
      const photos = node.catalog.described.slice(told).flatMap((request) => request.photos);
      return photos.map(({ albumIds }) => albumIds.length).sort();
    };
    expect(await albumsOf()).toEqual([0, 0, 1]);
    expect(await albumsOf()).toEqual([0, 0, 0]);
  });

  it('of which two run at once ends in one set', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(twoPhotos));
    const ids = await Promise.all([1, 2].map(() => startImport(user, { source: 'takeout', hash })));
    const [one, two] = await Promise.all(ids.map((id) => ended(user, id)));
    expect(one.imported + two.imported).toBe(2);
    expect(one.duplicates + two.duplicates).toBe(4);
    expect(await originalsOf(node, user)).toHaveLength(2);
  });

  it('with the same Idempotency-Key is the same import', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf(twoPhotos));
    const create = () =>
      user.call('/imports', { json: { source: 'takeout', hash }, headers: { 'idempotency-key': 'once' } });
    const replies = [await create(), await create()];
    expect(replies[0]?.body.importJobId).toBe(replies[1]?.body.importJobId);
    expect((await user.call('/imports')).body.imports).toHaveLength(1);
  });

  it('has no part in the import of another user with the same Idempotency-Key', async () => {
    const archive = await zipOf(twoPhotos);
    const ids: string[] = [];
    for (const user of [node.user(), node.user()]) {
      const json = { source: 'takeout', hash: await sendArchive(user, archive) };
      const create = () => user.call('/imports', { json, headers: { 'idempotency-key': 'once' } });
      const { body } = await create();
      expect((await create()).body).toEqual(body);
      expect((await user.call('/imports')).body.imports).toMatchObject([{ id: body.importJobId }]);
      ids.push(body.importJobId);
    }
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('finds what a phone has uploaded before', async () => {
    const user = node.user();
    const known = photo('on the phone');
    const uploaded = await user.upload(fileOf(Buffer.from(known)));
    const hash = await sendArchive(user, await zipOf({ [`${YEAR}/p.jpg`]: known }));
    const id = await startImport(user, { source: 'takeout', hash });
    expect(await ended(user, id)).toMatchObject({ imported: 0, duplicates: 1 });
    expect((await reportOf(user, id))[`${YEAR}/p.jpg`]).toMatchObject({
      photoId: uploaded.id,
      photoState: 'active',
    });
  });

  it('brings a photo back from the trash only when it is asked to', async () => {
    const user = node.user();
    const bytes = photo('thrown away');
    const uploaded = await user.upload(fileOf(Buffer.from(bytes)));
    node.catalog.states.set(uploaded.id, 'trashed');
    const hash = await sendArchive(user, await zipOf({ [`${YEAR}/t.jpg`]: bytes }));
    const quiet = await startImport(user, { source: 'takeout', hash });
    await ended(user, quiet);
    expect((await reportOf(user, quiet))[`${YEAR}/t.jpg`]).toMatchObject({ photoState: 'trashed' });
    const asked = await startImport(user, { source: 'takeout', hash, restore: true });
    await ended(user, asked);
    expect((await reportOf(user, asked))[`${YEAR}/t.jpg`]).toMatchObject({ photoState: 'active' });
    expect(node.catalog.states.get(uploaded.id)).toBe('active');
  });

  it('leaves a purged photo away, and takes it in again when it is asked to', async () => {
    const user = node.user();
    const bytes = photo('gone');
    const uploaded = await user.upload(fileOf(Buffer.from(bytes)));
    await node.purge(uploaded);
    const hash = await sendArchive(user, await zipOf({ [`${YEAR}/g.jpg`]: bytes }));
    const quiet = await startImport(user, { source: 'takeout', hash });
    expect(await ended(user, quiet)).toMatchObject({ imported: 0, duplicates: 1 });
    expect((await reportOf(user, quiet))[`${YEAR}/g.jpg`]).toMatchObject({ photoState: 'deleted' });
    const asked = await startImport(user, { source: 'takeout', hash, restore: true });
    expect(await ended(user, asked)).toMatchObject({ imported: 1, duplicates: 0 });
  });
});
