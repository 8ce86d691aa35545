import { statSync } from 'node:fs';
import { readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventually, ownSamplePhotos } from '@lazyphotos/testkit';
import { addFile, jpeg, sha256, signedInCli, temporaryFolder, until } from './helpers.js';

async function withPhotos(names: string[], size?: number) {
  const cli = await signedInCli();
  const outer = await temporaryFolder();
  const photos = [];
  for (const fileName of names) {
    const bytes = jpeg(size);
    photos.push({ id: await addFile(cli.client, fileName, bytes), hash: sha256(bytes) });
  }
  return { ...cli, outer, folder: join(outer, 'photos'), photos };
}

/** What the node says of some photos, changed: by their hash. */
const withFacts = (facts: Record<string, object>) => (page: { photos: { hash: string }[] }) => ({
  ...page,
  photos: page.photos.map((photo) => ({ ...photo, ...facts[photo.hash] })),
});

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
    const facts = Object.fromEntries([
      ...times.map((capturedAt, index) => [photos[index]?.hash, { capturedAt }]),
      [photos[3]?.hash, { uploadedAt: '2024-02-03T04:05:06.000Z' }],
    ]);
    node.fail({ on: 'GET /photos?', effect: { edit: withFacts(facts) }, times: 2 });
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
    const { node, run, configDir, folder, photos } = await withPhotos(['a.jpg', 'b.jpg']);
    const uploadedAt = '2024-02-03T04:05:06.000Z';
    const facts = Object.fromEntries(photos.map(({ hash }) => [hash, { uploadedAt }]));
    node.fail({ on: 'GET /photos?', effect: { edit: withFacts(facts) } });
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
    const odd = [...names, `${'n'.repeat(300)}.jpg`, '\u202egpj.exe'];
    const { node, run, outer, folder, photos } = await withPhotos(odd.map((_, index) => `${index}.jpg`));
    // Names that this node refuses, and another one may not.
    const facts = Object.fromEntries(photos.map(({ hash }, index) => [hash, { fileName: odd[index] }]));
    node.fail({ on: 'GET /photos?', effect: { edit: withFacts(facts) } });
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
    const { node, run, outer, folder, photos } = await withPhotos(['mine.jpg', 'link.jpg']);
    await run(['download', folder]);
    await writeFile(join(folder, 'mine.jpg'), 'edited by hand');
    const hash = photos[0]?.hash ?? '';
    const second = await run(['download', folder, '--json']);
    expect(second.json).toMatchObject({ downloaded: 1, existing: 1 });
    expect(await readFile(join(folder, 'mine.jpg'), 'utf8')).toBe('edited by hand');
    expect(await readdir(folder)).toContain(`mine-${hash.slice(0, 8)}.jpg`);
    const target = join(outer, 'precious.txt');
    await writeFile(target, 'precious');
    await symlink(target, join(folder, 'other.jpg'));
    await rm(join(folder, `mine-${hash.slice(0, 8)}.jpg`));
    const edit = withFacts({ [hash]: { fileName: 'other.jpg' } });
    node.fail({ on: 'GET /photos?', effect: { edit } });
    const third = await run(['download', folder, '--json']);
    expect(third.json).toMatchObject({ downloaded: 1, existing: 1 });
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect(await readdir(folder)).toContain(`other-${hash.slice(0, 8)}.jpg`);
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
    const { run, client, folder } = await withPhotos(['c.jpg']);
    const ids: string[] = [];
    for (const sample of ownSamplePhotos().folder('good/jpeg').slice(0, 2))
      ids.push(await addFile(client, 'a.jpg', await readFile(sample.path)));
    const { id } = await client.createAlbum({ body: { name: 'Summer' } });
    await client.addAlbumItems({ params: { id }, body: { photoIds: ids } });
    await eventually(async () => {
      for (const photoId of ids)
        expect((await client.getPhoto({ params: { id: photoId } })).processing).toBe('ready');
    });
    const args = ['download', folder, '--size', 'thumb', '--album', id, '--json'];
    expect((await run(args)).json).toMatchObject({ photos: 2, downloaded: 2 });
    expect(await readdir(folder)).toHaveLength(2);
    expect((await run(args)).json).toMatchObject({ downloaded: 0, existing: 2 });
  });

  test('a preview that could not be made is a failure with its reason, and not waited for', async () => {
    const { node, run, client, folder, photos } = await withPhotos(['a.jpg']);
    const [sample] = ownSamplePhotos().folder('good/jpeg');
    const good = await addFile(client, 'b.jpg', await readFile(sample?.path ?? ''));
    const bad = photos[0]?.id ?? '';
    await eventually(async () => {
      expect(await client.getPhoto({ params: { id: good } })).toMatchObject({ processing: 'ready' });
      expect(await client.getPhoto({ params: { id: bad } })).toMatchObject({ processing: 'failed' });
    });
    const { code, json } = await run(['download', folder, '--size', 'medium', '--json']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ downloaded: 1, failed: 1, failures: [{ code: 'no_preview' }] });
    expect(node.count(`GET /photos/${bad}`)).toBe(0);
  });

  test('damage on the way is noticed and reported', async () => {
    const { node, run, client, userId, folder, photos } = await withPhotos(['a.jpg', 'b.jpg']);
    const [a, b] = photos;
    // The bytes of another photo.
    const path = () => new URL(other).pathname + new URL(other).search;
    const { url: other } = await client.downloadPhoto({
      params: { id: b?.id ?? '' },
      query: { size: 'original' },
    });
    node.fail({ on: `GET /media/${userId}/${a?.id}`, effect: { path }, times: 9 });
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
