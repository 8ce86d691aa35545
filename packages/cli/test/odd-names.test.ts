import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findDecodedPath } from '../src/local-path.js';
import { jpeg, photosOf, signedInCli, temporaryFolder, writeFiles } from './helpers.js';

describe('files whose names are not UTF-8', () => {
  const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');

  async function writeOddFiles(folder: string) {
    const inFolder = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), bytes(name)]);
    await mkdir(inFolder('Ordner \xe4\xf6'));
    const names = [
      'M\xfcnchen.jpg',
      'M\xf6nchen.jpg',
      'Ordner \xe4\xf6/inside.NEF',
      'emoji \xed\xa0\xbd\xed\xb8\x80.jpg',
    ];
    for (const name of names) await writeFile(inFolder(name), jpeg());
    await writeFile(inFolder('Ordner \xe4\xf6/kaputt\xfc.txt'), 'text');
    await writeFiles(folder, { 'gut ä.jpg': jpeg() });
  }

  test('are uploaded, named in messages and remembered', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeOddFiles(folder);
    const first = await run(['upload', folder, '--json']);
    expect(first.json).toMatchObject({ photos: 5, uploaded: 5, failures: [] });
    expect(first.code).toBe(0);
    expect(first.json.ignoredFiles).toEqual([`${folder}/Ordner äö/kaputtü.txt`]);
    const names = (await photosOf(client)).map(({ fileName }) => fileName);
    expect(names.sort()).toEqual(
      ['München.jpg', 'Mönchen.jpg', 'emoji 😀.jpg', 'gut ä.jpg', 'inside.NEF'].sort(),
    );
    expect((await run(['upload', folder, '--json'])).json).toMatchObject({ uploaded: 0, existing: 5 });
  });

  test('are found when the command line lost them', async () => {
    const outer = await temporaryFolder();
    const odd = Buffer.concat([Buffer.from(`${outer}/`), bytes('Fotos \xe4')]);
    await mkdir(join(outer, 'plain'));
    await writeOddFiles(join(outer, 'plain'));
    await rename(join(outer, 'plain'), odd);
    const { run } = await signedInCli();
    const given = join(outer, 'Fotos \ufffd', 'Ordner \ufffd\ufffd');
    expect((await run(['upload', given, '--json'])).json).toMatchObject({ uploaded: 1, ignored: 1 });
    await mkdir(Buffer.concat([Buffer.from(`${outer}/`), bytes('Fotos \xf6')]));
    expect(await findDecodedPath(given)).toBeUndefined();
    const { code, stderr } = await run(['upload', given]);
    expect(code).toBe(2);
    expect(stderr).toContain('not UTF-8');
    expect((await run(['download', join(outer, 'neu \ufffd')])).code).toBe(2);
  });
});
