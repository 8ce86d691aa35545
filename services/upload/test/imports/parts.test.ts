import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { fileOf } from '../user.js';
import { damaged, ended, photo, reportOf, sendArchive, sidecar, startImport, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';

describeWithPostgres('an import of several archives', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  const store = async (
    user: ReturnType<UploadNode['user']>,
    name: string,
    files: Parameters<typeof zipOf>[0],
  ) => sendArchive(user, await zipOf(files), name);

  it('finds the sidecar of a photo in another part (rule 1)', async () => {
    const user = node.user();
    const hashes = [
      await store(user, 'takeout-001.zip', {
        [`${YEAR}/a.jpg.json`]: sidecar('a.jpg', '2015-07-01T10:00:00Z'),
      }),
      await store(user, 'takeout-002.zip', { [`${YEAR}/a.jpg`]: photo('in part two') }),
    ];
    const id = await startImport(user, { source: 'takeout', hashes });
    expect(await ended(user, id)).toMatchObject({ imported: 1, sidecars: 1, total: 2 });
    expect((await reportOf(user, id))[`${YEAR}/a.jpg`]).toMatchObject({
      archive: 'takeout-002.zip',
      sidecar: `${YEAR}/a.jpg.json`,
      sidecarRule: 'exact',
    });
  });

  it('sends the catalog what a sidecar says that comes with a later part', async () => {
    const user = node.user();
    const first = await store(user, 'takeout-001.zip', { [`${YEAR}/b.jpg`]: photo('its facts come later') });
    const id = await startImport(user, { source: 'takeout', hash: first });
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 1, sidecars: 0 });

    const second = await store(user, 'takeout-002.zip', {
      [`${YEAR}/b.jpg.json`]: sidecar('b.jpg', '2015-07-02T10:00:00Z', { description: 'Late' }),
    });
    const reply = await user.call(`/imports/${id}/parts`, { json: { hashes: [second] } });
    expect(reply.body.parts.map(({ name }: { name: string }) => name)).toEqual([
      'takeout-001.zip',
      'takeout-002.zip',
    ]);
    expect(await ended(user, id)).toMatchObject({
      status: 'completed',
      imported: 1,
      sidecars: 1,
      duplicates: 0,
    });
    const { photoId } = (await reportOf(user, id))[`${YEAR}/b.jpg`];
    const told = node.catalog.described
      .flatMap(({ photos }) => photos)
      .filter((each) => each.photoId === photoId);
    expect(told.at(-1)).toMatchObject({ edits: { description: 'Late' }, date: { source: 'sidecar' } });
  });

  it('still reports a purged photo as such when its sidecar comes with a later part', async () => {
    const user = node.user();
    const bytes = photo('purged before');
    await node.purge(await user.upload(fileOf(Buffer.from(bytes))));
    const first = await store(user, 'takeout-001.zip', { [`${YEAR}/p.jpg`]: bytes });
    const id = await startImport(user, { source: 'takeout', hash: first });
    await ended(user, id);
    const second = await store(user, 'takeout-002.zip', {
      [`${YEAR}/p.jpg.json`]: sidecar('p.jpg', '2015-07-02T10:00:00Z'),
    });
    await user.call(`/imports/${id}/parts`, { json: { hashes: [second] } });
    expect(await ended(user, id)).toMatchObject({ duplicates: 1, sidecars: 1 });
    expect((await reportOf(user, id))[`${YEAR}/p.jpg`]).toMatchObject({
      outcome: 'duplicate',
      photoState: 'deleted',
      sidecar: `${YEAR}/p.jpg.json`,
    });
  });

  it('puts photos into an album that only a later part makes of their folder', async () => {
    const user = node.user();
    const path = 'Backup/Wedding/w.jpg';
    const first = await store(user, 'takeout-001.zip', { [path]: photo('its album comes later') });
    const id = await startImport(user, { source: 'takeout', hash: first });
    expect(await ended(user, id)).toMatchObject({ imported: 1 });
    expect((await reportOf(user, id))[path]).toMatchObject({ albums: [] });

    const second = await store(user, 'takeout-002.zip', {
      'Backup/Wedding/metadata.json': { title: 'The wedding' },
    });
    await user.call(`/imports/${id}/parts`, { json: { hashes: [second] } });
    expect(await ended(user, id)).toMatchObject({ imported: 1, duplicates: 0, sidecars: 1, total: 2 });
    const entry = (await reportOf(user, id))[path];
    expect(entry).toMatchObject({ outcome: 'imported', albums: ['The wedding'] });
    const told = node.catalog.described.filter(({ photos }) =>
      photos.some(({ photoId }) => photoId === entry.photoId),
    );
    expect(told.at(-1)).toMatchObject({
      newAlbums: [{ name: 'The wedding' }],
      photos: [{ albumIds: [expect.any(String)] }],
    });
  });

  it('adds a part once, and none to an import that was cancelled', async () => {
    const user = node.user();
    const hash = await store(user, 'takeout-001.zip', { [`${YEAR}/c.jpg`]: photo('once') });
    const id = await startImport(user, { source: 'takeout', hashes: [hash, hash] });
    const again = await user.call(`/imports/${id}/parts`, { json: { hashes: [hash] } });
    expect(again.body.parts).toHaveLength(1);
    expect(await ended(user, id)).toMatchObject({ imported: 1 });

    const other = await startImport(user, { source: 'takeout', hash });
    await user.call(`/imports/${other}`, { method: 'DELETE' });
    const job = await ended(user, other);
    const reply = await user.call(`/imports/${other}/parts`, { json: { hashes: [hash] } });
    expect([job.status, reply.status, reply.body.code]).toEqual(
      job.status === 'cancelled' ? ['cancelled', 409, 'import_ended'] : ['completed', 200, undefined],
    );
  });

  it('continues with the other archives when one cannot be read', async () => {
    const user = node.user();
    const good = await zipOf({ [`${YEAR}/d.jpg`]: photo('good'), 'Takeout/index.html': '' });
    const hashes = [
      await sendArchive(user, damaged(good), 'damaged.zip'),
      await sendArchive(user, good, 'good.zip'),
    ];
    const id = await startImport(user, { source: 'takeout', hashes });
    const job = await ended(user, id);
    expect(job).toMatchObject({ status: 'completed', imported: 1, total: 2 });
    expect(job.parts).toMatchObject([
      { name: 'damaged.zip', state: 'failed' },
      { name: 'good.zip', state: 'listed' },
    ]);
    expect(job.errors).toEqual([
      { path: 'damaged.zip', code: job.parts[0].code, message: job.parts[0].message },
    ]);

    const alone = await startImport(user, { source: 'takeout', hash: hashes[0] });
    expect(await ended(user, alone)).toMatchObject({ status: 'failed', total: 0 });
  });
});
