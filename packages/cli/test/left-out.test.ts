import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isUnfinishedFile } from '../src/upload/unfinished-transfers.js';
import { jpeg, photosOf, signedInCli, temporaryFolder, writeFiles } from './helpers.js';

const mp4 = Buffer.concat([Buffer.from('000000186674797069736f6d00000200', 'hex'), Buffer.alloc(100)]);
const bmp = Buffer.concat([Buffer.from('BM'), Buffer.alloc(100)]);

describe('every file is uploaded, failed or named with a reason', () => {
  test('in --json', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'a.jpg': jpeg(),
      'empty.jpg': '',
      'notes.jpg': 'not a picture',
      'notes.txt': 'not a picture',
      'film.mp4': mp4,
      'renamed film.jpg': mp4,
      'paint.bmp': bmp,
      'camera.mts': 'no magic bytes',
      '.hidden.jpg': jpeg(),
      '.IMG_1.HEIC.icloud': 'bplist00',
      '._a.jpg': 'attributes',
      '.cache/deep/b.jpg': jpeg(),
      '.cache/index': 'x',
      '@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg': jpeg(),
      'b.jpg.part': jpeg(),
    });
    await symlink(folder, join(folder, 'loop'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken.jpg'));
    await symlink('itself', join(folder, 'itself'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { code, json } = await run(['upload', folder, '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({ photos: 1, uploaded: 1, ignored: 18, failures: [] });
    const paths = (reason: string) =>
      json.ignoredByReason[reason]?.paths.map((path) => path.slice(folder.length + 1)).sort();
    expect({
      ...Object.fromEntries(Object.keys(json.ignoredByReason).map((reason) => [reason, paths(reason)])),
    }).toEqual({
      empty: ['empty.jpg'],
      misnamed: ['notes.jpg'],
      not_a_photo: ['notes.txt'],
      unsupported_type: ['camera.mts', 'film.mp4', 'paint.bmp', 'renamed film.jpg'],
      hidden: ['._a.jpg', '.cache/deep/b.jpg', '.cache/index', '.hidden.jpg'],
      online_only: ['.IMG_1.HEIC.icloud'],
      system_folder: ['@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg'],
      unfinished_transfer: ['b.jpg.part'],
      already_walked: ['loop'],
      broken_link: ['broken.jpg', 'itself'],
      special_file: ['pipe'],
    });
    expect(json).toMatchObject({
      unsupportedTypes: { 'video/mp4': 2, 'image/bmp': 1, 'unknown (.mts)': 1 },
      ignoredByReason: { hidden: { files: 4, photos: 2 } },
    });
    expect(json.ignoredFiles).toHaveLength(18);
    expect(new Set(json.ignoredFiles).size).toBe(18);
    expect(json.skippedFolders).toEqual([
      { path: join(folder, '.cache'), reason: 'hidden', files: 2, photos: 1, complete: true },
      { path: join(folder, '@eaDir'), reason: 'system_folder', files: 1, photos: 1, complete: true },
    ]);
  });

  test('in the summary for people', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    const hidden = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`.${n}.jpg`, jpeg(100)]));
    await writeFiles(folder, {
      'a.jpg': jpeg(),
      'film.mp4': mp4,
      'film2.mov': mp4,
      'evil\u001b[2J\nname.jpg.part': jpeg(),
      '.old/b.jpg': jpeg(),
      ...hidden,
    });
    const { code, stdout } = await run(['upload', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain('Left out 16 files:');
    expect(stdout).toContain('2 of types that are not backed up: 2 video/mp4');
    expect(stdout).toContain(`${folder}/evil?[2J?name.jpg.part`);
    expect(stdout).toContain('13 hidden');
    expect(stdout).toContain(`${folder}/.old: 1 named like photos`);
    expect(stdout).toContain('and 3 more');
  });

  test('a folder without anything to leave out has no such lines', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg() });
    expect((await run(['upload', folder])).stdout).not.toContain('Left out');
  });
});

describe('unfinished files of other programs', () => {
  const unfinished = [
    '~syncthing~IMG_9001.jpg.tmp',
    '.syncthing.IMG_9001.jpg.tmp',
    'IMG_9002.jpg.part',
    'IMG_9002.JPG.PART',
    'IMG_9002.jpg.1f2e3d4c.partial',
    'IMG_9003.jpg.crdownload',
    'Unconfirmed 123456.crdownload',
    'IMG_9004.jpg.filepart',
    'IMG_9005.jpg.opdownload',
    'IMG_9006.jpg.download',
    'IMG_9007.jpg.!ut',
    'IMG_9007.jpg.!qB',
    'IMG_9007.jpg.bc!',
    'IMG_9008.jpg.!sync',
    'IMG_9008.jpg.bts',
    'IMG_9009.jpg.tmp',
    'IMG_9009.heic.a1b2.tmp',
    'IMG_9010.jpg.ocTransferId1234567.part',
    'IMG_9011.jpg.3vkf.ffs_tmp',
    'IMG_9012.jpg.aB3dE9f0',
    'IMG_9013.jpg.fdmdownload',
    'IMG_9014.jpg_.gstmp',
    '.IMG_9015.jpg.Xa3b9Q',
    '.IMG_9016.jpg.~1a2b3c',
    '.pending-1700000000-IMG_9017.jpg',
    '.azDownload-5f1c-IMG_9018.jpg',
    'IMG_9019.jpg.0123456789abcdef.part.minio',
    'IMG_9020.jpg.aria2',
    'CFNetworkDownload_x1.tmp',
    'BITF1A2.tmp',
    'IMG_9021.jpg.crswap',
    'IMG_9021.jpg.az!',
    'IMG_9021.jpg-1.cyberducksegment',
    'IMG_9021.jpg.LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ.dctmp',
    'IMG_9021.jpg.getright',
    'IMG_9021.jpg.incomplete',
    'IMG_9021.jpg.unfinished',
    'IMG_9021.jpg.uploading',
    'IMG_9021.jpg.ppdownload',
    'IMG_9021.jpg.kgt',
    'IMG_9021.jpg.dropbox-tmp',
  ];

  test.each(unfinished)('%s', (name) => expect(isUnfinishedFile(name)).toBe(true));

  test.each([
    'IMG_9000.jpg',
    'part.jpg',
    'partial.heic',
    'tmp.png',
    'scan.tmp',
    'scan.tmp',
    'IMG_9000.jpg.20190714',
    'IMG_9000.jpg.bak',
    'IMG_9000.download.jpg',
    '~IMG_9000.jpg',
    'IMG_9000.~1~.jpg',
    'photo',
  ])('%s may be a photo', (name) => expect(isUnfinishedFile(name)).toBe(false));

  test('are named and not uploaded, however much of them is there', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const whole = jpeg();
    await writeFiles(folder, {
      ...Object.fromEntries(unfinished.map((name, index) => [name, whole.subarray(0, 9000 + index)])),
      'IMG_9020.jpg': jpeg(),
      'IMG_9021.jpg.download/IMG_9021.jpg': jpeg(),
      'IMG_9021.jpg.download/Info.plist': '<plist/>',
      'IMG_9000.jpg': whole,
    });
    await truncate(join(folder, 'IMG_9020.jpg'), 9000);
    const { code, json } = await run(['upload', folder, '--json']);
    expect(code).toBe(0);
    expect((await photosOf(client)).map(({ fileName }) => fileName)).toEqual(['IMG_9000.jpg']);
    expect(json.ignoredByReason.unfinished_transfer?.paths.map((path) => basename(path)).sort()).toEqual(
      [...unfinished, 'IMG_9020.jpg', 'IMG_9021.jpg', 'Info.plist'].sort(),
    );
    expect(Object.keys(json.ignoredByReason)).toEqual(['unfinished_transfer']);
  });

  test('an interrupted download of this command is not uploaded', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    await writeFiles(folder, { 'sub/big.jpg.part': jpeg() });
    expect((await run(['upload', folder, '--json'])).json).toMatchObject({ photos: 0, ignored: 1 });
  });
});
