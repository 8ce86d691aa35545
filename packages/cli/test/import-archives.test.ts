import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Client } from '@lazyphotos/client';
import type { Archive, ImportJob, ImportSource } from '@lazyphotos/contracts';
import { CHUNK_BYTES as CHUNK, type FaultProxy, sharedNode, storedZip } from '@lazyphotos/testkit';
import { missingParts } from '../src/import/find-archives.js';
import {
  addFile,
  importEnded,
  jpeg,
  photosOf,
  sha256,
  signedInCli,
  TEN_SECONDS_LATER,
  temporaryFolder,
  until,
  writeFiles,
  zip,
} from './helpers.js';

const FOLLOWING = 'GET /imports/';

const counts: Partial<ImportJob> = {
  total: 10,
  processed: 10,
  imported: 3,
  duplicates: 1,
  unsupported: 2,
  sidecars: 3,
  ignored: 1,
  bytesTotal: 5000,
  bytesProcessed: 5000,
};
const importsOf = async (client: Client): Promise<ImportJob[]> => (await client.listImports()).imports;
const archivesOf = async (client: Client): Promise<Archive[]> => (await client.listArchives()).archives;

async function onlyImport(client: Client): Promise<ImportJob> {
  const [first, ...others] = await importsOf(client);
  if (first === undefined || others.length > 0) throw new Error(`${others.length} imports too many`);
  return first;
}

/** Changes what the node says of its imports, alone and in lists. */
const withImports =
  (change: object) =>
  (body: object): object =>
    'imports' in body
      ? { ...body, imports: (body.imports as object[]).map((job) => ({ ...job, ...change })) }
      : { ...body, ...change };

const UNFINISHED = { status: 'running', finishedAt: null };

/** Lets imports look, so many times, as if they had not ended: those of tests are short. */
function pretendRunning(node: FaultProxy, times: number, change: object = {}): void {
  node.fail({ on: 'GET /imports', effect: { edit: withImports({ ...UNFINISHED, ...change }) }, times });
}

/** Starts an import of these archives. Resolves to its id. */
async function addImport(
  client: Client,
  archives: Buffer[],
  source: ImportSource = 'takeout',
): Promise<string> {
  for (const [index, bytes] of archives.entries()) await addFile(client, `${index}.zip`, bytes);
  return (await client.createImport({ body: { source, hashes: archives.map(sha256) } })).importJobId;
}

/** An import that has ended. Resolves to its id. */
async function endedImport(client: Client): Promise<string> {
  const id = await addImport(client, [zip()]);
  await importEnded(client, id);
  return id;
}

/** An archive whose import takes much longer than a command. */
const longZip = (): Buffer =>
  storedZip(Object.fromEntries(Array.from({ length: 1500 }, (_, number) => [`${number}.jpg`, jpeg(100)])));

/** An import that has not ended and does not by itself. Resolves to its id. */
async function pausedImport(client: Client, source?: ImportSource, more: Buffer[] = []): Promise<string> {
  const id = await addImport(client, [longZip(), ...more], source);
  await client.pauseImport({ params: { id } });
  return id;
}

/** The beginning of an id that no other one of the same minute has. */
const beginningOf = (id: string): string => id.slice(0, 23);

describe('import takeout with archives', () => {
  test('uploads all parts, imports them as one, and says what became of them', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const album = 'Takeout/Google Photos/Trip';
    const photo = jpeg();
    const video = Buffer.from('000000186674797069736f6d0000020069736f6d69736f32', 'hex');
    const sidecar = (title: string) =>
      Buffer.from(JSON.stringify({ title, photoTakenTime: { timestamp: '1433152800' } }));
    const parts = [
      storedZip({
        [`${album}/a.jpg`]: photo,
        [`${album}/b.jpg`]: jpeg(),
        [`${album}/c.jpg`]: jpeg(),
        [`${album}/copy.jpg`]: photo,
        [`${album}/film.mp4`]: video,
        [`${album}/other.mp4`]: Buffer.concat([video, Buffer.from('x')]),
      }),
      storedZip({
        [`${album}/a.jpg.json`]: sidecar('a.jpg'),
        [`${album}/b.jpg.json`]: sidecar('b.jpg'),
        [`${album}/c.jpg.json`]: sidecar('c.jpg'),
        'letter.txt': Buffer.from('a letter'),
      }),
    ];
    await writeFiles(folder, {
      'takeout-20240115T101500Z-001.zip': parts[0] ?? '',
      'takeout-20240115T101500Z-002.zip': parts[1] ?? '',
      'holiday-prints.zip': zip(),
      'letter.pdf': '%PDF',
    });
    const { code, stdout, stderr } = await run(['import', 'takeout', folder]);
    expect(stderr).not.toContain('lazyphotos: ');
    expect(code).toBe(0);
    const job = await onlyImport(client);
    expect(job.source).toBe('takeout');
    const archives = await archivesOf(client);
    expect(archives.map(({ hash }) => hash).sort()).toEqual(parts.map(sha256).sort());
    for (const { importIds } of archives) expect(importIds).toEqual([job.id]);
    expect(archives.map(({ fileName }) => fileName).sort()).toEqual([
      'takeout-20240115T101500Z-001.zip',
      'takeout-20240115T101500Z-002.zip',
    ]);
    expect(await photosOf(client)).toHaveLength(3);
    for (const words of [
      'Uploaded 2 archives',
      '3 imported',
      '1 already in the library',
      '2 of types',
      '3 sidecars with metadata',
    ])
      expect(stdout).toContain(words);
    expect(stderr).toContain(`import report ${job.id}`);
    expect(stderr).toMatch(/archives take [\d.]+ kB on the node.*import delete-archives/);
  });

  test('the same command again sends nothing twice and follows an import that has not ended', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip(), 'b.zip': zip() });
    pretendRunning(node, 1);
    const first = await run(['import', 'takeout', folder, '--no-follow', '--json'], {
      env: TEN_SECONDS_LATER,
    });
    expect(first.code).toBe(0);
    expect(first.json).toMatchObject({ sent: { uploaded: 2, existing: 0 }, import: { status: 'running' } });
    const puts = node.count('PUT ');
    pretendRunning(node, 2);
    const second = await run(['import', 'takeout', folder, '--json']);
    expect(second.code).toBe(0);
    expect(second.json).toMatchObject({
      sent: { uploaded: 0, existing: 2, failures: [] },
      import: { id: first.json.import.id, status: 'completed' },
      archivesOnNode: { archives: 2, bytes: 40_000 },
    });
    expect(node.count('PUT ')).toBe(puts);
    // That one has ended.
    expect((await run(['import', 'takeout', folder, '--no-follow'])).code).toBe(0);
    expect(await importsOf(client)).toHaveLength(2);
  });

  test('parts that came later are added to the import that has not ended', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip() });
    await run(['import', 'takeout', folder, '--no-follow']);
    await writeFiles(folder, { 'b.zip': zip() });
    pretendRunning(node, 1);
    const { code, stderr } = await run(['import', 'takeout', folder, '--no-follow']);
    expect(code).toBe(0);
    expect(stderr).toContain('added 1 archive to it');
    expect((await onlyImport(client)).parts.map(({ name }) => name)).toEqual(['a.zip', 'b.zip']);
  });

  test('an import of another kind is not taken for the same', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip() });
    pretendRunning(node, 99);
    await run(['import', 'zip', folder, '--no-follow']);
    await run(['import', 'takeout', folder, '--no-follow', '--restore']);
    expect((await importsOf(client)).map(({ source }) => source)).toEqual(['takeout', 'folder']);
    expect(node.bodies('POST /imports').map(({ source, restore = false }) => [source, restore])).toEqual([
      ['folder', false],
      ['takeout', true],
    ]);
  });

  test('cut connections and a busy node do not stop the upload', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const archive = zip(2 * CHUNK + 1000);
    await writeFiles(folder, { 'a.zip': archive });
    node.fail({ on: 'PUT /upload-sessions', effect: { cutAfterBytes: 1000 }, times: 2 });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 503, retryAfter: 1 } });
    const { code, json } = await run(['import', 'takeout', join(folder, 'a.zip'), '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({ sent: { uploaded: 1, failed: 0 } });
    expect(await archivesOf(client)).toMatchObject([{ hash: sha256(archive) }]);
  });

  test('Ctrl-C while archives are sent: nothing starts, and the same command continues', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const archive = zip(7 * CHUNK);
    await writeFiles(folder, { 'a.zip': archive });
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'PUT /upload-sessions', effect: { until: stopped }, times: 20, after: 4 });
    const first = await run(['import', 'takeout', folder], {
      meanwhile: async (kill) => {
        await until(() => node.responded('PUT ') === 4);
        kill('SIGINT');
      },
    });
    resolve();
    expect(first.code).toBe(130);
    expect(first.stderr).toMatch(/Interrupted: 0 uploaded, 0 there already, 1 left.*has not started/);
    expect(await importsOf(client)).toEqual([]);
    const before = node.bytes('PUT ');
    const second = await run(['import', 'takeout', folder, '--json']);
    expect(second.json).toMatchObject({ sent: { uploaded: 1 }, import: { status: 'completed' } });
    expect(node.bytes('PUT ') - before).toBeLessThan(archive.length - 3 * CHUNK);
  });

  test('an archive that fails keeps the import from starting without it', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip(), 'b.zip': zip() });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 413, code: 'payload_too_large' } });
    const bad = await run(['import', 'takeout', folder, '--json']);
    expect(bad.code).toBe(1);
    expect(bad.json).toMatchObject({
      sent: { uploaded: 1, failed: 1, failures: [{ code: 'payload_too_large' }] },
      import: null,
    });
    expect(bad.stderr).toContain('1 of 2 archives are on the node');
    expect(await importsOf(client)).toEqual([]);
    node.fail({ on: 'POST /upload-sessions', effect: { status: 507, code: 'storage_full' }, times: 9 });
    await writeFiles(folder, { 'c.zip': zip(), 'd.zip': zip() });
    const full = await run(['import', 'takeout', folder, '--json']);
    expect([full.code, full.json]).toMatchObject([1, { sent: { stoppedBy: { code: 'storage_full' } } }]);
    expect(await importsOf(client)).toEqual([]);
  });
});

describe('following', () => {
  test('Ctrl-C stops the command, and the import continues', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip() });
    pretendRunning(node, 9999);
    for (const args of [
      ['import', 'takeout', folder],
      ['import', 'takeout', folder, '--json'],
    ]) {
      const seen = node.responded(FOLLOWING);
      const { code, stdout, stderr } = await run(args, {
        meanwhile: async (kill) => {
          await until(() => node.responded(FOLLOWING) > seen + 1);
          kill('SIGINT');
        },
      });
      expect(code).toBe(130);
      const { id, status } = await onlyImport(client);
      expect(status).not.toBe('cancelled');
      expect(stderr).toContain(`Import ${id} continues`);
      expect(stderr).toContain(`import cancel ${id}`);
      if (args.includes('--json'))
        expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, import: { id } });
    }
  });

  test('continues through a pause and while the node restarts', async () => {
    const { node, run, client } = await signedInCli();
    const id = await endedImport(client);
    // The command looks for the import, then follows it.
    pretendRunning(node, 2, { total: 10, processed: 2 });
    const paused = { reason: 'storage_full', message: 'The storage is full.' };
    pretendRunning(node, 1, { total: 10, processed: 2, paused });
    node.fail({ on: `${FOLLOWING}${id}`, effect: { status: 503 }, times: 4 });
    pretendRunning(node, 1, { total: 10, processed: 5 });
    const { code, stdout, stderr } = await run(['import', 'show', id, '--follow']);
    expect(code).toBe(0);
    expect(stderr).toContain('Paused: The storage is full.');
    expect(stderr).toContain('Continuing.');
    expect(stderr).toContain('No connection to the node');
    expect(stdout).toContain('completed');
  });

  test.each([
    ['failed', { errors: [{ path: 'a.zip', code: 'archive_unreadable', message: 'It is damaged.' }] }],
    ['cancelled', {}],
    ['completed', { failed: 1, errors: [{ path: 'x.jpg', code: 'wrong_crc', message: 'It is damaged.' }] }],
  ] as const)('an import that is %s with failures ends with 1', async (status, more) => {
    const { node, run, client } = await signedInCli();
    const id = await endedImport(client);
    node.fail({
      on: 'GET /imports',
      effect: { edit: withImports({ ...counts, ...more, status }) },
      times: 99,
    });
    const { code, stdout } = await run(['import', 'show', id.slice(0, 8), '--follow']);
    expect(code).toBe(1);
    expect(stdout).toContain(status);
    if ('errors' in more) expect(stdout).toContain(`${more.errors[0].path}: It is damaged.`);
    const quiet = await run(['import', 'show', id, '--follow', '--quiet']);
    expect(quiet).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('lazyphotos: ') });
  });
});

describe('what is given', () => {
  test('is a ZIP by its content', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'no extension': zip(),
      'b.zip': 'text',
      'c.tgz': '\u001f\u008b',
      'd/e.zip': 'x',
    });
    expect((await run(['import', 'takeout', join(folder, 'no extension'), '--no-follow'])).code).toBe(0);
    for (const [name, words] of [
      ['b.zip', 'is not a ZIP archive'],
      ['c.tgz', 'request the export as .zip'],
      ['d', 'is not a ZIP archive'],
      ['nothing', 'there is no file or folder'],
    ] as const)
      expect(await run(['import', 'takeout', join(folder, name)])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(words),
      });
    expect(await importsOf(client)).toHaveLength(1);
  });

  test('an archive that was cut off is named and stays here, and the others are imported', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const commented = zip();
    commented.writeUInt16LE(3, commented.length - 2);
    await writeFiles(folder, {
      'takeout-1Z-001.zip': Buffer.concat([commented, Buffer.from('abc')]),
      'takeout-1Z-002.zip': zip(100_000).subarray(0, -1),
      'takeout-1Z-003.zip': zip(),
    });
    const { code, json, stderr } = await run(['import', 'takeout', folder, '--json']);
    expect([code, json]).toMatchObject([
      1,
      { sent: { archives: 2 }, cutOff: [join(folder, 'takeout-1Z-002.zip')] },
    ]);
    expect(stderr).toContain('takeout-1Z-002.zip: the download was cut off');
    expect((await onlyImport(client)).parts.map(({ name }) => name)).toEqual([
      'takeout-1Z-001.zip',
      'takeout-1Z-003.zip',
    ]);
    const alone = await run(['import', 'takeout', join(folder, 'takeout-1Z-002.zip')]);
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('download it again') });
    expect(await archivesOf(client)).toHaveLength(2);
  });

  test('an archive that is given twice is sent once', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const archive = zip();
    await writeFiles(folder, { 'a.zip': archive, 'a (1).zip': archive });
    const { json } = await run(['import', 'takeout', folder, join(folder, 'a.zip'), '--json']);
    expect(json).toMatchObject({ sent: { archives: 2, uploaded: 1, existing: 1 } });
    expect((await onlyImport(client)).parts).toHaveLength(1);
  });

  test('downloads that have not ended and parts that are missing are named', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'takeout-20240115T101500Z-004.zip.crdownload': zip() });
    expect(await run(['import', 'takeout', folder])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not downloaded completely'),
    });
    await writeFiles(folder, {
      'takeout-20240115T101500Z-001.zip': zip(),
      'takeout-20240115T101500Z-003.zip': zip(),
    });
    const { code, stderr } = await run(['import', 'takeout', folder]);
    expect(code).toBe(0);
    expect(stderr).toContain('Not downloaded completely: takeout-20240115T101500Z-004.zip.crdownload');
    expect(stderr).toContain('Not here: takeout-20240115T101500Z-002.zip');
  });

  test('what browsers and download managers put beside a download that has not ended is none', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'takeout-1Z-001.zip': zip(),
      'takeout-1Z-002.zip': '',
      'takeout-1Z-002.AbCd12.zip.part': zip(),
      'takeout-1Z-003.zip': zip(),
      'takeout-1Z-003.zip.aria2': 'x',
    });
    await symlink(join(folder, 'nowhere'), join(folder, 'takeout-1Z-004.zip'));
    expect((await run(['import', 'takeout', folder, '--no-follow'])).code).toBe(0);
    expect((await onlyImport(client)).parts.map(({ name }) => name)).toEqual(['takeout-1Z-001.zip']);
  });

  test('an archive whose hash is known is no photo to upload', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip(), 'b.jpg': jpeg() });
    await run(['import', 'takeout', folder, '--no-follow'], { env: TEN_SECONDS_LATER });
    const { json } = await run(['upload', folder, '--json']);
    expect(json).toMatchObject({ photos: 1, uploaded: 1, ignoredByReason: { not_a_photo: { files: 1 } } });
    expect(await archivesOf(client)).toHaveLength(1);
  });

  test('missing parts are found by their numbers', () => {
    expect(
      missingParts(['takeout-1Z-001.zip', 'takeout-1Z-003(1).zip', 'takeout-2Z-5-002.zip', 'x.zip']),
    ).toEqual(['takeout-1Z-002.zip', 'takeout-2Z-5-001.zip']);
    expect(missingParts(['takeout-1Z-001.zip', 'takeout-1Z-002 (2).zip'])).toEqual([]);
  });

  test('archives and unpacked folders do not go together; a folder of photos is for upload', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'zips/a.zip': zip(), 'photos/a.jpg': jpeg() });
    const [zips, photos] = [join(folder, 'zips'), join(folder, 'photos')];
    expect((await run(['import', 'takeout', zips, photos])).code).toBe(2);
    for (const args of [
      ['import', 'takeout', photos],
      ['import', 'zip', photos],
    ]) {
      const { code, stderr } = await run(args);
      expect(code).not.toBe(0);
      expect(stderr).toContain('lazyphotos upload <folder>');
    }
  });

  test('without a session it says how to sign in', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip() });
    await run(['logout']);
    for (const args of [
      ['takeout', folder],
      ['zip', folder],
      ['path', 'x'],
      ['list'],
      ['show', 'x'],
      ['report', 'x'],
      ['pause', 'x'],
      ['add', 'x', folder],
      ['archives'],
      ['delete-archives', 'x'],
    ])
      expect(await run(['import', ...args])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('lazyphotos login'),
      });
  });
});

describe('looking after imports', () => {
  test('list, show, pause, resume and cancel', async () => {
    const { node, run, client } = await signedInCli();
    const job = { id: await pausedImport(client) };
    await pausedImport(client, 'folder');
    node.fail({ on: `GET /imports/${job.id}`, effect: { edit: withImports(counts) }, times: 99 });
    const list = await run(['import', 'list', '--json']);
    expect(list.json).toMatchObject({ imports: [{ source: 'folder' }, { id: job.id }], hasMore: false });
    expect((await run(['import', 'list', '--limit', '1'])).stderr).toContain('There is more');
    expect((await run(['import', 'show', job.id])).stdout).toContain('10/10 files');
    expect((await run(['import', 'show', beginningOf(job.id)])).stdout).toContain(`Import ${job.id}: `);
    expect((await run(['import', 'pause', job.id, '--json'])).json.import.paused?.reason).toBe('user');
    expect((await run(['import', 'show', job.id])).stdout).toMatch(/paused: \S/);
    expect((await run(['import', 'resume', job.id, '--json'])).json.import.paused).toBeUndefined();
    for (const _time of [1, 2])
      expect((await run(['import', 'cancel', job.id, '--json'])).json.import.status).toBe('cancelled');
    expect(await run(['import', 'pause', job.id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('you cannot pause it'),
    });
    for (const missing of ['0189ffff', crypto.randomUUID()])
      expect(await run(['import', 'show', missing])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('import list'),
      });
  });

  test('an archive that cannot be read is named in the list and by show', async () => {
    const { run, client } = await signedInCli();
    const damaged = storedZip({ 'a.jpg': jpeg(), 'b.jpg': jpeg() });
    // The signature of the last entry of its directory; with the first one damaged it is no ZIP for the node, and is refused.
    damaged.writeUInt32LE(0, damaged.lastIndexOf(Buffer.from('504b0102', 'hex')));
    await addFile(client, 'a.zip', damaged);
    const { importJobId: id } = await client.createImport({
      body: { source: 'takeout', hashes: [sha256(damaged)] },
    });
    const { parts } = await importEnded(client, id);
    expect(parts).toMatchObject([{ state: 'failed', message: expect.stringMatching(/\S/) }]);
    for (const args of [['list'], ['show', id]])
      expect((await run(['import', ...args])).stdout).toContain(
        `cannot be read: a.zip: ${parts[0]?.message}`,
      );
  });

  test('add uploads further archives and adds them', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.zip': zip(), 'plain/b.jpg': jpeg() });
    const id = await endedImport(client);
    const { code } = await run(['import', 'add', id, join(folder, 'a.zip')]);
    expect(code).toBe(0);
    expect((await onlyImport(client)).parts).toMatchObject([{ name: '0.zip' }, { name: 'a.zip' }]);
    expect((await run(['import', 'add', id, join(folder, 'plain')])).code).toBe(2);
    const cancelled = await pausedImport(client);
    await client.cancelImport({ params: { id: cancelled } });
    expect(await run(['import', 'add', cancelled, join(folder, 'a.zip')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has ended'),
    });
  });

  test('path imports what lies on the node', async () => {
    const { run, userId } = await signedInCli();
    // What an account may import lies below the folder of its id.
    await writeFiles(sharedNode().importDir, { [`${userId}/family/takeout.zip`]: zip() });
    const args = ['import', 'path', `${userId}/family/takeout.zip`, '--source', 'folder', '--json'];
    const { code, json } = await run(args);
    expect([code, json.import]).toMatchObject([0, { source: 'folder', status: 'completed' }]);
    const missing = await run(['import', 'path', 'other', '--json']);
    expect([missing.code, missing.json.error.code]).toEqual([1, 'archive_not_found']);
    expect((await run(['import', 'path', 'x', '--source', 'flickr'])).code).toBe(2);
  });
});

describe('archives on the node', () => {
  async function withArchives() {
    const cli = await signedInCli();
    const { client } = cli;
    const bytes = { a: zip(1_000_000), b: zip(1_000_000), c: zip(1_000_000) };
    const archives = {
      a: await addFile(client, 'a.zip', bytes.a),
      b: await addFile(client, 'b.zip', bytes.b),
      c: await addFile(client, 'c.zip', bytes.c),
    };
    const id = await addImport(client, [bytes.a, bytes.b]);
    await importEnded(client, id);
    return { ...cli, job: { id }, archives, bytes };
  }

  test('are listed with their sizes', async () => {
    const { run, archives } = await withArchives();
    const { json } = await run(['import', 'archives', '--json']);
    expect(json).toMatchObject({
      archives: [{ id: archives.c }, { id: archives.b }, { id: archives.a }],
      hasMore: false,
    });
    const { stdout } = await run(['import', 'archives']);
    expect(stdout).toMatch(/c\.zip +1\.0 MB .*not imported/);
  });

  test('are deleted when that is confirmed, and only those of the import', async () => {
    const { run, client, job } = await withArchives();
    expect((await run(['import', 'delete-archives', job.id])).code).toBe(2);
    expect(await archivesOf(client)).toHaveLength(3);
    const { code, json } = await run(['import', 'delete-archives', job.id, '--yes', '--json']);
    expect([code, json]).toMatchObject([0, { deleted: 2, bytes: 2_000_000, failed: 0 }]);
    expect((await archivesOf(client)).map(({ fileName }) => fileName)).toEqual(['c.zip']);
    expect(await run(['import', 'delete-archives', job.id, '--yes'])).toMatchObject({ code: 0 });
  });

  test('files that are in the archives only are named before and no longer after they are deleted', async () => {
    const { node, run, job } = await withArchives();
    const edit = withImports({ total: 10, unsupported: 3, failed: 2 });
    node.fail({ on: 'GET /imports', effect: { edit }, times: 99 });
    expect((await run(['import', 'show', job.id])).stdout).toContain('they stay in the archives');
    const { stderr } = await run(['import', 'delete-archives', job.id, '--yes']);
    expect(stderr).toContain('3 unsupported (such as videos) and 2 failed files');
    const { stdout } = await run(['import', 'show', job.id]);
    expect(stdout).toContain('3 of types');
    expect(stdout).not.toContain('they stay in the archives');
  });

  test('one that an import still reads stays, and the others go', async () => {
    const { run, client, archives, bytes } = await withArchives();
    await pausedImport(client, 'takeout', [bytes.b]);
    const names = ['--archive', 'a.zip', '--archive', archives.b, '--archive', beginningOf(archives.c)];
    const { code, json } = await run(['import', 'delete-archives', ...names, '--yes', '--json']);
    expect([code, json]).toMatchObject([1, { deleted: 2, failures: [{ code: 'archive_in_use' }] }]);
    expect((await archivesOf(client)).map(({ fileName }) => fileName)).toEqual(['0.zip', 'b.zip']);
    for (const args of [[], [crypto.randomUUID(), '--archive', 'b.zip']])
      expect((await run(['import', 'delete-archives', ...args, '--yes'])).code).toBe(2);
    expect((await run(['import', 'delete-archives', '--archive', 'nothing', '--yes'])).code).toBe(1);
  });
});

test('a folder that is not UTF-8 and a name of one character do no harm', async () => {
  const { run, client } = await signedInCli();
  const folder = Buffer.concat([Buffer.from(await temporaryFolder()), Buffer.from('/caf\xe9', 'latin1')]);
  await mkdir(folder);
  await writeFile(Buffer.concat([folder, Buffer.from('/\xe9.zip', 'latin1')]), zip());
  const { code } = await run(['import', 'takeout', folder.toString(), '--no-follow']);
  expect(code).toBe(0);
  expect(await archivesOf(client)).toMatchObject([{ fileName: 'é.zip' }]);
});
