import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Exit, eventually, http, ownSamplePhotos, repository, run } from '@lazyphotos/testkit';
import { type Phone, password, signIn } from './support/api.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const EMAIL = 'anna@example.org';
const BIN = join(repository, 'packages/cli/bin/lazyphotos.js');

/** Names that are hard to make words of. */
const ODD_NAMES = [
  `Anna's "best" day, one two three four five six seven.jpg`,
  `one two three four five six seven don't.jpg`,
  '写真写真abc 2024年.jpg',
  'IMG_20240501_101112~2.jpg',
  'PragueCastle2024HDRfinalVersion9b.jpg',
  '---.jpg',
  `${'x'.repeat(240)}.jpg`,
];

/** The fields of a photo in the documents of --json that are looked at here. */
interface Listed {
  id: string;
  fileName: string;
  locationLat?: number;
  locationLon?: number;
  place?: { city?: string; country?: string };
}

/** Four samples, two of one name, and the odd names. */
const PHOTOS = 6 + ODD_NAMES.length;

describe('the commands for the photos on a node', () => {
  let folder: NodeFolder;
  let node: NodeProcess;
  let phone: Phone;

  const environment = () => ({
    LAZYPHOTOS_SERVER: node.url,
    LAZYPHOTOS_CONFIG_DIR: join(folder.path, 'cli'),
    LAZYPHOTOS_PASSWORD: password,
  });
  const cli = (...args: string[]): Promise<Exit> => run(process.execPath, [BIN, ...args], environment());
  /** Runs with this on its standard input. */
  const cliReading = (input: string, ...args: string[]): Promise<Exit> =>
    run(
      'sh',
      ['-c', 'text=$1; shift; printf "%s\\n" "$text" | "$@"', 'sh', input, process.execPath, BIN, ...args],
      environment(),
    );
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(...args, '--json');
    return { code, stderr, body: JSON.parse(stdout) };
  };
  const find = async (...args: string[]): Promise<Listed[]> => {
    const { code, body } = await json('search', ...args);
    expect(code).toBe(0);
    return body.photos;
  };
  const idOf = async (fileName: string): Promise<string> => {
    const photo = (await find(fileName)).find((found) => found.fileName === fileName);
    if (photo === undefined) throw new Error(`there is no ${fileName}`);
    return photo.id;
  };
  /** What visitors of a link get. */
  const visit = (url: string, path = 'content') => {
    const token = url.slice(url.lastIndexOf('/') + 1);
    return http(`${node.url}/share-links/${token}/${path}`);
  };

  beforeAll(async () => {
    folder = await createNodeFolder();
    node = await folder.start();
    const photos = join(folder.path, 'photos');
    await mkdir(join(photos, 'again'), { recursive: true });
    for (const { name, path } of ownSamplePhotos().folder('good'))
      await copyFile(path, join(photos, basename(name)));
    // The same name twice, with other bytes behind the end of the picture.
    const plain = await readFile(join(photos, 'plain.jpg'));
    await writeFile(join(photos, 'again/double.jpg'), Buffer.concat([plain, Buffer.from('1')]));
    await writeFile(join(photos, 'double.jpg'), Buffer.concat([plain, Buffer.from('2')]));
    for (const [index, name] of ODD_NAMES.entries())
      await writeFile(join(photos, name), Buffer.concat([plain, Buffer.from(`odd ${index}`)]));
    expect(await cli('claim', '--email', EMAIL, '--code', node.claimCode())).toMatchObject({ code: 0 });
    expect(await cli('upload', photos)).toMatchObject({ code: 0 });
    await eventually(async () => {
      const { body } = await json('status');
      expect(body.photos).toMatchObject({ total: PHOTOS, ready: PHOTOS });
    });
    phone = await signIn(node.url, EMAIL);
  });
  afterAll(() => folder?.remove());

  test('search finds by words, time and place, prints a table, and ends at its limit', async () => {
    const [portrait] = await find('portrait');
    expect(portrait).toMatchObject({ fileName: 'portrait-with-gps.jpg' });
    const point = `${portrait?.locationLat},${portrait?.locationLon}`;
    expect(await find('--near', point, '--radius', '0.5')).toEqual([portrait]);
    expect(await find('--near', '-80,-170')).toEqual([]);
    expect(await find('--from', '2000', '--to', '2000-01')).toEqual([]);
    const table = await cli('search', 'portrait');
    expect(table.stdout).toMatch(
      new RegExp(`^portrait-with-gps\\.jpg  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  \\S.*  ${portrait?.id}\\n$`),
    );
    expect(await cli('search', 'zeppelin')).toMatchObject({ code: 0, stdout: '' });
    const limited = await json('search', 'jpg', '--limit', '1');
    expect(limited.body).toMatchObject({ photos: [expect.anything()], hasMore: true });
  });

  test('tag adds and removes tags; names that are unknown or ambiguous are reported', async () => {
    const added = await json('tag', 'plain.jpg', 'square.webp', '--add', 'Holidays', '--add', 'Blue');
    expect(added).toMatchObject({ code: 0, body: { changed: 2, failed: 0 } });
    expect(await cli('tag', 'plain.jpg', '--remove', 'blue')).toMatchObject({
      code: 0,
      stdout: 'plain.jpg: Holidays\nChanged 1 photo.\n',
    });
    const names = async (tag: string) => (await find('--tag', tag)).map(({ fileName }) => fileName).sort();
    expect(await names('holidays')).toEqual(['plain.jpg', 'square.webp']);
    expect(await names('Blue')).toEqual(['square.webp']);

    const unknown = '01890a5d-ac96-774b-bcce-b302099a8058';
    const partly = await json('tag', unknown, await idOf('plain.jpg'), '--add', 'Red');
    expect(partly).toMatchObject({
      code: 1,
      body: { changed: 1, failed: 1, failures: [{ id: unknown, code: 'not_found' }] },
    });
    const ambiguous = await json('tag', 'double.jpg', '--add', 'Red');
    expect(ambiguous).toMatchObject({ code: 1, body: { error: { code: 'ambiguous' } } });
    for (const { id, fileName } of await find('double'))
      if (fileName === 'double.jpg') expect(ambiguous.stderr).toContain(id);
    expect(await json('tag', 'missing.jpg', '--add', 'Red')).toMatchObject({
      code: 1,
      body: { error: { code: 'not_found', message: expect.stringContaining('"missing.jpg"') } },
    });
  });

  test('a photo is found by its file name, with any characters', async () => {
    const { code, stdout } = await cli('tag', '--json', '--add', 'Odd', '--', ...ODD_NAMES);
    expect({ code, changed: JSON.parse(stdout).changed }).toEqual({ code: 0, changed: ODD_NAMES.length });
    expect((await find('--tag', 'odd')).map(({ fileName }) => fileName).sort()).toEqual(
      [...ODD_NAMES].sort(),
    );
  });

  test('a photo is shared by a link that shows nothing but what was said, and revoked by the beginning of its id', async () => {
    const args = ['portrait-with-gps.jpg', '--title', 'A portrait', '--expires', '7d', '--no-download'];
    const { code, body } = await json('share', ...args);
    expect(code).toBe(0);
    expect(body).toMatchObject({
      allowDownload: false,
      showLocation: false,
      hasPassword: false,
      createdAlbum: null,
    });
    const days = (Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / 86_400_000;
    expect(Math.round(days)).toBe(7);
    const shown = await visit(body.url);
    expect(shown.body).toMatchObject({
      link: { kind: 'photo', title: 'A portrait' },
      photos: [{ fileName: 'portrait-with-gps.jpg' }],
    });
    expect(shown.body.photos[0]).not.toHaveProperty('locationLat');
    expect(shown.body.photos[0]).not.toHaveProperty('originalUrl');
    const listed = await cli('share', 'list');
    expect(listed.stdout).toMatch(/^A portrait {2}until .* {2}1 view {2}no download {2}\S+\n$/);
    expect(await cli('share', 'revoke', body.id.slice(0, 13))).toMatchObject({ code: 0 });
    expect(await visit(body.url)).toMatchObject({ status: 404 });
    expect(await json('share', 'revoke', body.id)).toMatchObject({
      code: 1,
      body: { error: { code: 'not_found' } },
    });
  });

  test('several photos become an album; a password comes from standard input, never from LAZYPHOTOS_PASSWORD', async () => {
    const made = await cli('share', 'plain.jpg', 'square.webp', '--title', 'Two');
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('new album "Two"') });
    const url = made.stdout.trim();
    const { body: content } = await visit(url);
    expect(content.photos.map(({ fileName }: Listed) => fileName).sort()).toEqual([
      'plain.jpg',
      'square.webp',
    ]);

    const albums = await cli('albums');
    expect(albums.stdout).toMatch(/^Two {2}2 photos {2}\S+\n$/);
    expect((await json('albums', 'show', 'two')).body).toMatchObject({
      album: { name: 'Two', itemCount: 2 },
      photos: [expect.anything(), expect.anything()],
    });

    const shared = await cliReading(
      'open sesame',
      'share',
      'Two',
      '--password-stdin',
      '--show-location',
      '--quiet',
    );
    expect(shared).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^http\S+\n$/) });
    const locked = shared.stdout.trim();
    expect(await visit(locked)).toMatchObject({ status: 401, body: { code: 'share_password_required' } });
    const unlock = (text: string) =>
      http(`${node.url}/share-links/${locked.split('/').at(-1)}/unlock`, { json: { password: text } });
    expect((await unlock(password)).status).toBe(403);
    expect((await unlock('open sesame')).status).toBe(200);
    const refused = await cli('share', 'Two', '--with-password');
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--password-stdin'),
    });
  });

  test('the trash is listed, restored from, and emptied once that is confirmed', async () => {
    const ids = new Map<string, string>();
    for (const name of ['plain.jpg', 'square.webp', 'transparent.png']) {
      const id = await idOf(name);
      ids.set(name, id);
      expect((await phone.call(`/photos/${id}`, { method: 'DELETE' })).status).toBe(204);
    }
    const listed = await json('trash', 'list');
    expect(listed.body.trash).toMatchObject({ count: 3, emptying: false });
    expect(listed.body.photos.map(({ id }: Listed) => id).sort()).toEqual([...ids.values()].sort());
    expect(await json('share', ids.get('plain.jpg') ?? '')).toMatchObject({
      code: 1,
      body: { error: { code: 'in_trash' } },
    });

    expect(await cli('trash', 'restore', 'plain.jpg')).toMatchObject({
      code: 0,
      stdout: 'Restored 1 photo.\n',
    });
    expect(await idOf('plain.jpg')).toBe(ids.get('plain.jpg'));
    expect(await json('trash', 'restore', '--all')).toMatchObject({
      code: 0,
      body: { restored: 2, failed: 0 },
    });
    expect((await json('trash', 'list')).body).toMatchObject({ trash: { count: 0 }, photos: [] });

    const id = ids.get('square.webp');
    await phone.call(`/photos/${id}`, { method: 'DELETE' });
    expect(await cli('trash', 'empty')).toMatchObject({ code: 2, stderr: 'lazyphotos: --yes is missing\n' });
    expect((await phone.call(`/photos/${id}`)).status).toBe(200);
    expect(await json('trash', 'empty', '--yes')).toMatchObject({ code: 0, body: { removed: 1 } });
    await eventually(async () => {
      expect((await phone.call(`/photos/${id}`)).status).toBe(404);
    });
    expect(await json('trash', 'restore', id ?? '')).toMatchObject({
      code: 1,
      body: { restored: 0, failures: [{ id, code: 'not_found' }] },
    });
  });
});
