import { describe, expect, test } from '@jest/globals';
import type { Client } from '@lazyphotos/client';
import { http } from '@lazyphotos/testkit';
import pLimit from 'p-limit';
import {
  addFile,
  cliWithNode,
  jpeg,
  newAccount,
  PASSWORD,
  photosOf,
  signedInCli,
  trashedPhotos,
  until,
} from './helpers.js';

const UNKNOWN = '01890a5d-ac96-774b-bcce-b302099a8058';

/** The command, and photos with these names, of which the last is the newest. */
async function cliWithPhotos(...fileNames: string[]) {
  const cli = await signedInCli();
  const ids: string[] = [];
  for (const fileName of fileNames) ids.push(await addFile(cli.client, fileName, jpeg(100)));
  return { ...cli, ids };
}

const MANY = 502;

/** An account with more photos than one request takes: made by the first test that needs them. */
let manyPhotos: Promise<{ email: string; client: Client; ids: string[] }> | undefined;

async function addManyPhotos() {
  const account = await newAccount();
  const limit = pLimit(8);
  const add = (_: unknown, index: number) =>
    limit(() => addFile(account.client, `cat ${index}.jpg`, jpeg(100)));
  return { ...account, ids: await Promise.all(Array.from({ length: MANY }, add)) };
}

async function cliWithManyPhotos() {
  manyPhotos ??= addManyPhotos();
  const account = await manyPhotos;
  const cli = await cliWithNode();
  await cli.run(['login', '--email', account.email]);
  return { ...cli, ...account };
}

const trash = (client: Client, ids: string[]) => client.deletePhotos({ body: { ids } });

/** What links of an account show to someone who has this password, or none. */
async function canOpen(url: string, password?: string): Promise<boolean> {
  const token = url.slice(url.lastIndexOf('/') + 1);
  const base = url.slice(0, url.indexOf('/s/'));
  if (password === undefined) return (await http(`${base}/share-links/${token}/content`)).status === 200;
  const { status } = await http(`${base}/share-links/${token}/unlock`, { json: { password } });
  return status === 200;
}

describe('search', () => {
  test('asks for no more pages and photos than the limit needs', async () => {
    const { node, run } = await cliWithManyPhotos();
    const few = await run(['search', 'cat', '--limit', '7', '--json']);
    expect(few.json).toMatchObject({ photos: { length: 7 }, hasMore: true });
    expect(node.count('GET /search')).toBe(1);
    const many = await run(['search', 'cat', '--limit', '501']);
    expect(many).toMatchObject({ code: 0, stderr: expect.stringContaining('--limit 501') });
    expect(many.stdout.trimEnd().split('\n')).toHaveLength(501);
    expect(node.count('GET /search')).toBe(3);
  });

  test('control characters of file names do not reach the terminal, whatever the output', async () => {
    const evil = 'evil \u001b[2J\u009b2J\u202egpj.jpg';
    const { node, run } = await cliWithPhotos('evil.jpg');
    // A name that this node refuses, and another one may not.
    const edit = (page: { photos: object[] }) => ({
      ...page,
      photos: page.photos.map((photo) => ({ ...photo, fileName: evil })),
    });
    node.fail({ on: 'GET /search', effect: { edit }, times: 9 });
    for (const mode of [[], ['--json'], ['--quiet']]) {
      const { code, stdout, stderr } = await run(['search', 'evil', ...mode]);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    }
    const { json } = await run(['search', 'evil', '--json']);
    expect(json).toMatchObject({ photos: [{ fileName: evil }] });
  });

  test('Ctrl-C ends it with 130', async () => {
    const { node, run } = await cliWithPhotos('cat.jpg');
    node.fail({ on: 'GET /search', effect: { until: new Promise(() => undefined) } });
    const { code, json } = await run(['search', 'cat', '--json'], {
      meanwhile: async (kill) => {
        await until(() => node.count('GET /search') === 1);
        kill('SIGINT');
      },
    });
    expect({ code, error: json.error.code }).toEqual({ code: 130, error: 'interrupted' });
  });

  test('without a session it says how to sign in', async () => {
    const { run } = await cliWithPhotos();
    await run(['logout']);
    for (const args of [
      ['search', 'x'],
      ['albums'],
      ['share', 'x'],
      ['trash', 'list'],
      ['tag', 'x', '--add', 'y'],
    ])
      expect(await run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('lazyphotos login') });
  });
});

describe('share', () => {
  test('never takes the password of the account for the link', async () => {
    const { run } = await cliWithPhotos('cat.jpg');
    const without = await run(['share', 'cat.jpg', '--with-password']);
    expect(without).toMatchObject({ code: 2, stdout: '' });
    const typed = await run(['share', 'cat.jpg', '--with-password', '--password-stdin'], {
      input: 'open sesame\n',
    });
    const implied = await run(['share', 'cat.jpg', '--password-stdin'], { input: 'open up now\n' });
    const open = await run(['share', 'cat.jpg']);
    for (const { code } of [typed, implied, open]) expect(code).toBe(0);
    for (const [{ stdout }, password] of [
      [typed, 'open sesame'],
      [implied, 'open up now'],
    ] as const) {
      expect(await canOpen(stdout.trim())).toBe(false);
      expect(await canOpen(stdout.trim(), PASSWORD)).toBe(false);
      expect(await canOpen(stdout.trim(), password)).toBe(true);
    }
    expect(await canOpen(open.stdout.trim())).toBe(true);
  });

  test('prints the link alone on standard output, with --quiet, too', async () => {
    const { node, run } = await cliWithPhotos('cat.jpg');
    const link = (end: string) => new RegExp(`^${node.url}/s/[\\w-]+${end}$`);
    expect(await run(['share', 'cat.jpg'])).toMatchObject({ stdout: expect.stringMatching(link('\n')) });
    const quiet = await run(['share', 'cat.jpg', '--quiet']);
    expect(quiet).toMatchObject({ stdout: expect.stringMatching(link('\n')), stderr: '' });
    const { json, stderr } = await run(['share', 'cat.jpg', '--json']);
    expect(json).toMatchObject({ url: expect.stringMatching(link('')), createdAlbum: null });
    expect(stderr).toBe('');
  });

  test('leaves no album behind when the link cannot be created', async () => {
    const { node, run, client } = await cliWithPhotos('cat.jpg', 'dog.jpg');
    node.fail({ on: 'POST /share-links', effect: { status: 409, code: 'share_link_limit' } });
    const { code, json } = await run(['share', 'cat.jpg', 'dog.jpg', '--json']);
    expect({ code, error: json.error.code }).toEqual({ code: 1, error: 'share_link_limit' });
    expect(node.count('POST /albums')).toBeGreaterThan(0);
    expect((await client.listAlbums()).albums).toEqual([]);
  });

  test('finds an album by its name, also in other case, and by the beginning of its id', async () => {
    const { run, client } = await cliWithPhotos('cat.jpg', 'dog.jpg');
    await run(['share', 'cat.jpg', 'dog.jpg', '--title', 'Pets']);
    const id = (await client.listAlbums()).albums[0]?.id ?? '';
    const links = async () => (await client.listShareLinks()).shareLinks.length;
    for (const name of ['Pets', 'pets', id, id.slice(0, 23)])
      expect((await run(['share', name, '--json'])).json).toMatchObject({ albumId: id });
    // Two albums called alike, and a photo called like an album.
    await run(['share', 'cat.jpg', 'dog.jpg', '--title', 'Pets']);
    await run(['share', 'cat.jpg', 'dog.jpg', '--title', 'cat.jpg']);
    for (const name of ['Pets', 'cat.jpg']) {
      const before = await links();
      expect((await run(['share', name, '--json'])).json.error.code).toBe('ambiguous');
      expect(await links()).toBe(before);
    }
    expect(await run(['share', id, 'cat.jpg'])).toMatchObject({ code: 1 });
    expect(await run(['share', id, 'dog.jpg'])).toMatchObject({ code: 2 });
  });

  test('refuses a time that has passed or is none', async () => {
    const { run } = await cliWithPhotos('cat.jpg');
    for (const expires of ['2001-01-01', '0d', 'soon', '2030-02-30', '7', '-3d'])
      expect(await run(['share', 'cat.jpg', '--expires', expires])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('tag', () => {
  test('changes nothing when a photo cannot be found, and names all of these', async () => {
    const { node, run } = await cliWithPhotos('cat.jpg');
    const { code, stderr } = await run(['tag', 'cat.jpg', 'x.jpg', 'y.jpg', '--add', 'Pets']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/"x\.jpg", "y\.jpg"/);
    expect(node.count('POST /photos/metadata/batch')).toBe(0);
  });

  test('sends at most 500 photos at once, and says how far it came', async () => {
    const { node, run, ids } = await cliWithManyPhotos();
    const all = await run(['tag', ...ids, ids[0] ?? '', '--add', 'Pets', '--json']);
    expect(all.json).toMatchObject({ changed: MANY, failed: 0, stoppedBy: null });
    expect(node.count('POST /photos/metadata/batch')).toBe(2);
    node.fail({
      on: 'POST /photos/metadata/batch',
      effect: { status: 500, code: 'internal_error' },
      after: 1,
    });
    const partly = await run(['tag', ...ids, '--remove', 'Pets', '--json']);
    expect(partly).toMatchObject({ code: 1 });
    expect(partly.json).toMatchObject({ changed: 500, stoppedBy: { code: 'internal_error' } });
  });

  test('wants something to do that makes sense', async () => {
    const { run } = await cliWithPhotos('cat.jpg');
    expect(await run(['tag', 'cat.jpg'])).toMatchObject({ code: 2 });
    expect(await run(['tag', 'cat.jpg', '--add', 'Pets', '--remove', 'pets'])).toMatchObject({ code: 2 });
  });
});

describe('trash', () => {
  test('restores page after page; Ctrl-C stops between two, and the same command continues', async () => {
    const { node, run, client, ids } = await cliWithManyPhotos();
    await trash(client, ids.slice(0, 500));
    await trash(client, ids.slice(500, 501));
    node.fail({
      on: 'POST /photos/restore/batch',
      effect: { until: new Promise(() => undefined) },
      after: 1,
    });
    const stopped = await run(['trash', 'restore', '--all', '--json'], {
      meanwhile: async (kill) => {
        await until(() => node.count('POST /photos/restore/batch') === 2);
        kill('SIGINT');
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.json).toMatchObject({ restored: 500, failed: 0, interrupted: true, stoppedBy: null });
    expect((await run(['trash', 'restore', '--all', '--json'])).json).toMatchObject({ restored: 1 });
    expect(await photosOf(client)).toHaveLength(MANY);
  });

  test('restores by name what is in the trash only, and refuses a name that two photos have', async () => {
    const { run, client, ids } = await cliWithPhotos('cat.jpg', 'cat.jpg', 'dog.jpg');
    await trash(client, ids);
    expect((await run(['trash', 'restore', 'cat.jpg', '--json'])).json.error.code).toBe('ambiguous');
    expect(await run(['trash', 'restore', 'dog.jpg'])).toMatchObject({ code: 0 });
    expect((await trashedPhotos(client)).map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
    expect((await photosOf(client)).map(({ id }) => id)).toEqual(ids.slice(2));
    expect((await run(['trash', 'restore', 'dog.jpg', '--json'])).json.error.code).toBe('not_found');
    expect(await run(['trash', 'restore'])).toMatchObject({ code: 2 });
    expect(await run(['trash', 'restore', 'cat.jpg', '--all'])).toMatchObject({ code: 2 });
    const partly = await run(['trash', 'restore', UNKNOWN, '--quiet']);
    expect(partly).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `lazyphotos: ${UNKNOWN}: there is no such photo\n`,
    });
  });

  test('is emptied only with --yes where no question can be asked, and says so when there is nothing in it', async () => {
    const { node, run, client, ids } = await cliWithPhotos('cat.jpg');
    expect(await run(['trash', 'empty'])).toMatchObject({ code: 0, stdout: 'The trash is empty.\n' });
    await trash(client, ids);
    expect(await run(['trash', 'empty'])).toMatchObject({
      code: 2,
      stderr: 'lazyphotos: --yes is missing\n',
    });
    expect(node.count('POST /trash/empty')).toBe(0);
    expect(await run(['trash', 'empty', '--yes'])).toMatchObject({ code: 0 });
    expect(node.count('POST /trash/empty')).toBe(1);
  });
});
