import { statSync } from 'node:fs';
import { readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { addPhoto } from '@lazyphotos/client/testing';
import { jpeg, sha256, signedInCli, temporaryFolder, until } from './helpers.js';

async function withPhotos(names: string[], size?: number) {
  const cli = await signedInCli();
  const outer = await temporaryFolder();
  const photos = names.map((fileName) => {
    const bytes = jpeg(size);
    const photo = { userId: cli.userId, hash: sha256(bytes), fileName, mimeType: 'image/jpeg', bytes };
    return { ...addPhoto(cli.node.state, photo), bytes };
  });
  return { ...cli, outer, folder: join(outer, 'photos'), photos };
}

const hashesIn = async (folder: string) =>
  Promise.all((await readdir(folder)).map(async (name) => sha256(await readFile(join(folder, name)))));

describe('download', () => {
  test('brings everything, and nothing twice', async () => {
    const { node, run, folder, photos } = await withPhotos(['a.jpg', 'a.jpg', 'A.JPG', 'b.jpg']);
    const first = await run(['download', folder, '--json']);
    expect(first.json).toMatchObject({ photos: 4, downloaded: 4, existing: 0, failed: 0 });
    expect(first.code).toBe(0);
    expect((await hashesIn(folder)).sort()).toEqual(photos.map(({ hash }) => hash).sort());
    const media = node.count('GET /media');
    const second = await run(['download', folder, '--json']);
    expect(second.json).toMatchObject({ downloaded: 0, existing: 4 });
    expect(node.count('GET /media')).toBe(media);
    expect(await readdir(folder)).toHaveLength(4);
  });

  test('files carry the time when they were taken, else that of their backup, and are remembered', async () => {
    const { node, run, folder, photos } = await withPhotos([
      'dated.jpg',
      'old.jpg',
      'ancient.jpg',
      'undated.jpg',
    ]);
    const times = ['2025-01-14T18:31:30.000Z', '1905-06-07T08:09:10.000Z', '1827-01-01T00:00:00.000Z'];
    for (const [index, time] of times.entries()) {
      const stored = node.state.photos.get(photos[index]?.id ?? '');
      if (stored !== undefined) stored.photo.capturedAt = time;
    }
    const undated = node.state.photos.get(photos[3]?.id ?? '');
    if (undated !== undefined) undated.photo.uploadedAt = '2024-02-03T04:05:06.000Z';
    const { code, json } = await run(['download', folder, '--json']);
    expect(json).toMatchObject({ downloaded: 4, failures: [] });
    expect(code).toBe(0);
    const timeOf = async (name: string) => (await stat(join(folder, name))).mtime.toISOString();
    expect(await timeOf('dated.jpg')).toBe(times[0]);
    expect(await timeOf('undated.jpg')).toBe('2024-02-03T04:05:06.000Z');
    // What the file system can hold: the test's own attempt shows it.
    for (const [index, name] of ['dated.jpg', 'old.jpg', 'ancient.jpg'].entries()) {
      const probe = join(folder, `probe of ${name}`);
      await writeFile(probe, '');
      await utimes(probe, new Date(), new Date(times[index] ?? ''));
      expect(await timeOf(name)).toBe(await timeOf(`probe of ${name}`));
    }
    const paths = ['dated.jpg', 'old.jpg', 'ancient.jpg', 'undated.jpg'].map((name) => join(folder, name));
    const past = new Date('2001-01-01T00:00:00Z');
    const before = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
    // Someone's own time of a file that is there is theirs.
    await utimes(join(folder, 'dated.jpg'), past, past);
    expect((await run(['download', folder, '--json'])).json).toMatchObject({ downloaded: 0, existing: 4 });
    expect(await timeOf('dated.jpg')).toBe(past.toISOString());
    expect((await stat(join(folder, 'old.jpg'))).mtimeMs).toBe(before[1]);
  });

  test('hashes of what was downloaded are in the cache, under the state that the file has', async () => {
    const { node, run, configDir, folder } = await withPhotos(['a.jpg', 'b.jpg']);
    for (const { photo } of node.state.photos.values()) photo.uploadedAt = '2024-02-03T04:05:06.000Z';
    await run(['download', folder]);
    const { files } = JSON.parse(await readFile(join(configDir, 'hashes.json'), 'utf8'));
    expect(Object.keys(files).sort()).toEqual([join(folder, 'a.jpg'), join(folder, 'b.jpg')]);
    const { ctimeNs, mtimeNs } = await stat(join(folder, 'a.jpg'), { bigint: true });
    expect(files[join(folder, 'a.jpg')].slice(1, 3)).toEqual([`${mtimeNs}`, `${ctimeNs}`]);
  });

  test('no name leads out of the folder or hides there', async () => {
    const names = [
      '../evil.jpg',
      '/etc/evil.jpg',
      '..',
      '.bashrc',
      'a\\..\\b.jpg',
      'CON.jpg',
      'x\u0000y.jpg',
      'tail. ',
      'p.jpg.part',
    ];
    const { run, outer, folder } = await withPhotos([...names, `${'n'.repeat(300)}.jpg`, '\u202egpj.exe']);
    const { code, json } = await run(['download', folder, '--json']);
    expect(json).toMatchObject({ downloaded: names.length + 2, failures: [] });
    expect(code).toBe(0);
    expect(await readdir(outer)).toEqual(['photos']);
    for (const name of await readdir(folder)) {
      expect(name).not.toMatch(/^\.|[\\/\p{Cc}\p{Bidi_Control}]|\.part$/u);
      expect(Buffer.byteLength(name)).toBeLessThan(256);
    }
  });

  test('files that are there already are never overwritten, nor written through links', async () => {
    const { run, outer, folder, photos } = await withPhotos(['mine.jpg', 'link.jpg']);
    await run(['download', folder]);
    const target = join(outer, 'precious.txt');
    await writeFile(target, 'precious');
    await writeFile(join(folder, 'mine.jpg'), 'edited by hand');
    await symlink(target, join(folder, 'other.jpg'));
    const [photo] = photos;
    if (photo !== undefined) photo.fileName = 'other.jpg';
    const { json } = await run(['download', folder, '--json']);
    expect(json).toMatchObject({ downloaded: 1, existing: 1 });
    expect(await readFile(join(folder, 'mine.jpg'), 'utf8')).toBe('edited by hand');
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect(await readdir(folder)).toContain(`mine-${photos[0]?.hash.slice(0, 8)}.jpg`);
  });

  test('an interrupted download continues', async () => {
    const { node, run, folder, photos } = await withPhotos(['big.jpg'], 3_000_000);
    const part = join(folder, 'big.jpg.part');
    const when = until(() => (statSync(part, { throwIfNoEntry: false })?.size ?? 0) > 0);
    node.fail({ on: 'GET /media', effect: { cutAfterBytes: 1_000_000, when } });
    node.fail({ on: 'GET /media', effect: { until: new Promise(() => undefined) } });
    const meanwhile = async (kill: (signal: NodeJS.Signals) => void) => {
      await until(() => node.count('GET /media') === 2);
      kill('SIGINT');
    };
    const first = await run(['download', folder], { meanwhile });
    expect(first.code).toBe(130);
    expect(first.stderr).toContain('Interrupted: 0 downloaded, 0 there already, 1 left');
    expect(await readdir(folder)).toEqual(['big.jpg.part']);
    const second = await run(['download', folder, '--json']);
    expect(second.json).toMatchObject({ downloaded: 1 });
    expect(await hashesIn(folder)).toEqual(photos.map(({ hash }) => hash));
  });

  test('previews, of an album', async () => {
    const { node, run, folder, photos, userId } = await withPhotos(['a.jpg', 'a.jpg', 'c.jpg']);
    const id = crypto.randomUUID();
    const now = new Date().toISOString();
    const album = {
      id,
      userId,
      name: 'Summer',
      order: 'date' as const,
      itemCount: 2,
      createdAt: now,
      updatedAt: now,
      isDeleted: false,
      version: 1,
    };
    node.state.albums.set(id, { album, photoIds: photos.slice(0, 2).map((photo) => photo.id) });
    const args = ['download', folder, '--size', 'thumb', '--album', id, '--json'];
    expect((await run(args)).json).toMatchObject({ photos: 2, downloaded: 2 });
    expect(await readdir(folder)).toHaveLength(2);
    expect((await run(args)).json).toMatchObject({ downloaded: 0, existing: 2 });
  });

  test('a preview that could not be made is a failure with its reason, and not waited for', async () => {
    const { node, run, folder, photos } = await withPhotos(['a.jpg', 'b.jpg']);
    const stored = node.state.photos.get(photos[0]?.id ?? '');
    if (stored === undefined) throw new Error('no photo');
    stored.photo.processing = 'failed';
    stored.photo.processingError = { code: 'damaged', reason: 'The picture is damaged.' };
    const { code, json } = await run(['download', folder, '--size', 'medium', '--json']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ downloaded: 1, failed: 1, failures: [{ code: 'no_preview' }] });
    expect(node.count(`GET /photos/${stored.photo.id}`)).toBe(0);
  });

  test('damage on the way is noticed and reported', async () => {
    const { node, run, folder, photos } = await withPhotos(['a.jpg', 'b.jpg']);
    const stored = node.state.photos.get(photos[0]?.id ?? '');
    if (stored === undefined) throw new Error('no photo');
    stored.bytes = jpeg();
    const { code, json } = await run(['download', folder, '--json', '--quiet']);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      downloaded: 1,
      failed: 1,
      failures: [{ fileName: 'a.jpg', code: 'download_mismatch' }],
    });
    expect(await readdir(folder)).toEqual(['b.jpg']);
  });
});
