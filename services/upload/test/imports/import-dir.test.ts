import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { ended, photo, reportOf, startImport, zipOf } from './archives.js';

describeWithPostgres('an archive below IMPORT_DIR', () => {
  let folder: string;
  let node: UploadNode;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazyphotos-import-dir-'));
    await mkdir(join(folder, 'in', 'parts'), { recursive: true });
    const archive = (text: string) => zipOf({ 'Takeout/Google Photos/Photos from 2015/a.jpg': photo(text) });
    await writeFile(join(folder, 'in', 'one.zip'), await archive('one'));
    await writeFile(join(folder, 'in', 'parts', 'takeout-1.zip'), await archive('part one'));
    await writeFile(join(folder, 'in', 'parts', 'takeout-2.ZIP'), await archive('part two'));
    await writeFile(join(folder, 'in', 'parts', 'notes.txt'), 'no archive');
    await writeFile(join(folder, 'secret.zip'), await archive('outside'));
    await symlink(join(folder, 'secret.zip'), join(folder, 'in', 'link.zip'));
    await symlink(folder, join(folder, 'in', 'up'));
    await symlink(join(folder, 'secret.zip'), join(folder, 'in', 'parts', 'takeout-3.zip'));
    node = await startUpload({ settings: { importDir: join(folder, 'in') } });
  });
  afterAll(async () => {
    await node.stop();
    await rm(folder, { recursive: true });
  });

  const owner = () => node.user(undefined, 'owner');

  it('is imported where it lies', async () => {
    const user = owner();
    const id = await startImport(user, { source: 'takeout', path: 'one.zip' });
    expect(await ended(user, id)).toMatchObject({
      status: 'completed',
      imported: 1,
      parts: [{ name: 'one.zip' }],
    });
  });

  it('is a part when its folder is named; other files are none, nor are links that lead outside', async () => {
    const user = owner();
    const job = await ended(user, await startImport(user, { source: 'takeout', path: 'parts/' }));
    expect(job.parts.map(({ name }: { name: string }) => name)).toEqual(['takeout-1.zip', 'takeout-2.ZIP']);
    expect(job).toMatchObject({ imported: 2 });
  });

  it.each([
    '../secret.zip',
    'parts/../../secret.zip',
    '/etc/passwd',
    'link.zip',
    'up/secret.zip',
    'up',
    'missing.zip',
    '..',
    './one.zip',
    'parts//takeout-1.zip',
    'parts\\takeout-1.zip',
    'one.zip\0.jpg',
    'parts/notes.txt',
  ])('is not found as %j', async (path) => {
    const reply = await owner().call('/imports', { json: { source: 'takeout', path } });
    expect([reply.status, reply.body.code]).toEqual([404, 'archive_not_found']);
  });

  it('is a part when the whole folder is named', async () => {
    const user = owner();
    const job = await ended(user, await startImport(user, { source: 'takeout', path: '.' }));
    expect(job.parts.map(({ name }: { name: string }) => name)).toContain('one.zip');
    expect(job.parts.map(({ name }: { name: string }) => name)).not.toContain('link.zip');
  });

  it('of another user is not reached by a link in the own folder', async () => {
    const member = node.user();
    await mkdir(join(folder, 'in', member.id));
    await symlink(join('..', 'one.zip'), join(folder, 'in', member.id, 'theirs.zip'));
    for (const path of [member.id, `${member.id}/theirs.zip`]) {
      const reply = await member.call('/imports', { json: { source: 'takeout', path } });
      expect([path, reply.status, reply.body.code]).toEqual([path, 404, 'archive_not_found']);
    }
  });

  it('is for the owner and administrators; a member has a folder of its own', async () => {
    const member = node.user();
    const refused = await member.call('/imports', { json: { source: 'takeout', path: 'one.zip' } });
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    await mkdir(join(folder, 'in', member.id));
    await writeFile(
      join(folder, 'in', member.id, 'mine.zip'),
      await zipOf({ 'Photos from 2015/m.jpg': photo('of the member') }),
    );
    const id = await startImport(member, { source: 'takeout', path: `${member.id}/mine.zip` });
    expect(await ended(member, id)).toMatchObject({ imported: 1 });
    const admin = node.user(undefined, 'admin');
    expect((await admin.call('/imports', { json: { source: 'takeout', path: 'one.zip' } })).status).toBe(200);
  });

  it('is not read any more once it has changed', async () => {
    const user = owner();
    const path = join(folder, 'in', 'changing.zip');
    await writeFile(path, await zipOf({ 'Photos from 2015/c.jpg': photo('before') }));
    const id = await startImport(user, { source: 'takeout', path: 'changing.zip', paused: true });
    await utimes(path, new Date(), new Date(2020, 1));
    await user.call(`/imports/${id}/resume`, { method: 'POST' });
    const job = await ended(user, id);
    expect(job).toMatchObject({
      status: 'failed',
      errors: [{ path: 'changing.zip', code: 'archive_changed' }],
    });
    expect(await reportOf(user, id)).toEqual({
      '': expect.objectContaining({ archive: 'changing.zip', outcome: 'failed', code: 'archive_changed' }),
    });
    const again = await user.call(`/imports/${id}/parts`, { json: { path: 'changing.zip' } });
    expect(again.body.code).toBe('import_ended');
  });
});

describeWithPostgres('without IMPORT_DIR', () => {
  it('no path is found', async () => {
    const node = await startUpload();
    const reply = await node
      .user(undefined, 'owner')
      .call('/imports', { json: { source: 'takeout', path: 'one.zip' } });
    expect([reply.status, reply.body.code]).toEqual([404, 'archive_not_found']);
    await node.stop();
  });
});
