import { appendFile, chmod, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CHUNK_BYTES as CHUNK, http, sharedNode } from '@lazyphotos/testkit';
import {
  jpeg,
  newAccount,
  photosOf,
  purge,
  sha256,
  signedInCli,
  TEN_SECONDS_LATER,
  temporaryFolder,
  trashedPhotos,
  until,
  writeFiles,
} from './helpers.js';

describe('upload', () => {
  test('finds photos by their content and skips the rest', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const twin = jpeg();
    await writeFiles(folder, {
      'a.jpg': twin,
      '2019/copy of a.JPG': twin,
      '2019/summer/no extension': jpeg(),
      'liar.png': jpeg(),
      'picture.png': Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
      'notes.jpg': 'not a picture',
      'empty.jpg': '',
      '.hidden.jpg': jpeg(),
      '.cache/b.jpg': jpeg(),
      '@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg': jpeg(),
    });
    await symlink(folder, join(folder, '2019', 'loop'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken.jpg'));
    const first = await run(['upload', folder, '--json']);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.json).toMatchObject({
      photos: 5,
      uploaded: 4,
      duplicates: 1,
      existing: 0,
      failed: 0,
      ignored: 7,
      left: 0,
    });
    expect((await photosOf(client)).map(({ mimeType }) => mimeType).sort()).toEqual([
      'image/jpeg',
      'image/jpeg',
      'image/jpeg',
      'image/png',
    ]);
    const puts = node.count('PUT ');
    const second = await run(['upload', folder]);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('Uploaded 0 photos');
    expect(second.stdout).toContain('4 there already');
    expect(node.count('PUT ')).toBe(puts);
  });

  test('announces the name, and when the photo was taken as far as the file system knows', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const names = [
      'line\nbreak\u0065\u0301.jpg',
      'IMG-20190714-WA0007.jpg',
      'IMG-20190714-WA0008.jpg',
      'IMG-20190714-WA0009.jpg',
      'IMG-20190714-WA0010.jpg',
      'Scan 2004-12.jpg',
      'fat.jpg',
      'zero.jpg',
      'future.jpg',
    ];
    await writeFiles(folder, Object.fromEntries(names.map((name) => [name, jpeg()])));
    const setTime = (name: string, time: string) => utimes(join(folder, name), new Date(), new Date(time));
    await setTime('IMG-20190714-WA0008.jpg', '2019-07-14T18:30:05Z');
    await setTime('IMG-20190714-WA0009.jpg', '2019-07-14T18:31:00Z');
    await setTime('IMG-20190714-WA0010.jpg', '2019-07-15T02:00:00Z');
    await setTime('fat.jpg', '1980-01-01T00:00:00+02:00');
    await setTime('zero.jpg', '1970-01-01T00:00:00Z');
    await setTime('future.jpg', new Date(Date.now() + 3_600_000).toISOString());
    await run(['upload', folder, '--quiet']);
    const announced = (await photosOf(client)).map((photo) => [
      photo.fileName,
      photo.capturedAt,
      photo.capturedAtSource,
    ]);
    expect(new Map(announced.map(([name, ...time]) => [name, time]))).toEqual(
      new Map([
        ['line_break\u00e9.jpg', ['2020-01-01T00:00:00.000Z', 'fileModified']],
        ['IMG-20190714-WA0007.jpg', ['2019-07-14T00:00:00.000Z', 'fileName']],
        ['IMG-20190714-WA0008.jpg', ['2019-07-14T18:30:05.000Z', 'fileName']],
        ['IMG-20190714-WA0009.jpg', ['2019-07-14T18:31:00.000Z', 'fileName']],
        ['IMG-20190714-WA0010.jpg', ['2019-07-14T00:00:00.000Z', 'fileName']],
        ['Scan 2004-12.jpg', ['2004-12-01T00:00:00.000Z', 'fileName']],
        ['fat.jpg', [undefined, undefined]],
        ['zero.jpg', [undefined, undefined]],
        ['future.jpg', [undefined, undefined]],
      ]),
    );
  });

  test('survives cuts and a busy node', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(3 * CHUNK), 'b.jpg': jpeg(2 * CHUNK) });
    node.fail({ on: 'PUT /upload-sessions', effect: { cutAfterBytes: 1000 }, times: 2 });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 503, retryAfter: 1 }, times: 2 });
    node.fail({ on: 'PUT /upload-sessions', effect: { loseRequest: true }, after: 2 });
    const { code, json } = await run(['upload', folder, '--json']);
    expect(json).toMatchObject({ uploaded: 2, failed: 0 });
    expect(code).toBe(0);
    expect(await photosOf(client)).toHaveLength(2);
  });

  test('one bad file does not stop the others, and is tried again after them', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg(), 'c.jpg': jpeg() });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 415, code: 'unsupported_media_type' } });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 500, code: 'internal_error' } });
    const { code, json, stdout } = await run(['upload', folder, '--json', '--concurrency', '1']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ uploaded: 2, failed: 1, left: 0 });
    expect(json.failures).toEqual([
      { path: join(folder, 'a.jpg'), code: 'unsupported_media_type', message: expect.any(String) },
    ]);
    expect(stdout.endsWith('}\n')).toBe(true);
  });

  test('a full disk ends the run at once', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg(), 'c.jpg': jpeg() });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 507, code: 'storage_full' }, times: 9 });
    const { code, json, stderr } = await run(['upload', folder, '--json', '--concurrency', '1']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ left: 3, stoppedBy: { code: 'storage_full' } });
    expect(stderr).toContain('3 photos left');
  });

  test('what is in the trash or was deleted stays so, unless asked', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg() });
    await run(['upload', folder]);
    const [a, b] = await photosOf(client);
    if (a === undefined || b === undefined) throw new Error('nothing uploaded');
    await purge(client, [b.id]);
    await client.deletePhotos({ body: { ids: [a.id] } });
    expect((await run(['upload', folder, '--json'])).json).toMatchObject({
      inTrash: 1,
      deleted: 1,
      uploaded: 0,
      existing: 0,
    });
    const restored = await run(['upload', folder, '--restore', '--json']);
    expect(restored.json).toMatchObject({ restored: 2, inTrash: 0, deleted: 0 });
    expect(await photosOf(client)).toHaveLength(2);
    expect(await trashedPhotos(client)).toEqual([]);
  });

  test('a file that changes while it is being read is reported', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    const path = join(folder, 'growing.jpg');
    await writeFiles(folder, { 'growing.jpg': jpeg(2 * CHUNK), 'still.jpg': jpeg() });
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'PUT /upload-sessions', effect: { until: changed }, times: 3 });
    const meanwhile = async () => {
      await until(() => node.count('PUT ') > 0);
      await appendFile(path, 'more');
      resolve();
    };
    const { code, json } = await run(['upload', folder, '--json'], { meanwhile });
    expect(code).toBe(1);
    expect(json).toMatchObject({ uploaded: 1, failed: 1 });
    expect(json.failures).toEqual([
      { path, code: 'source_changed', message: 'the file changed while it was being read' },
    ]);
  });

  test('a folder that cannot be read is a failure, not a silent gap', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'closed/a.jpg': jpeg(), 'b.jpg': jpeg() });
    await chmod(join(folder, 'closed'), 0o000);
    const { code, json } = await run(['upload', folder, '--json']);
    await chmod(join(folder, 'closed'), 0o700);
    // The superuser may read everything.
    if (process.getuid?.() === 0) expect(json.uploaded).toBe(2);
    else expect([code, json.failures[0]?.code]).toEqual([1, 'EACCES']);
  });

  test('an edit in place that keeps length and modification time is sent', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg() });
    const first = await run(['upload', folder, '--json'], { env: TEN_SECONDS_LATER });
    expect(first.json).toMatchObject({ uploaded: 2 });
    const other = jpeg();
    await writeFiles(folder, { 'a.jpg': other });
    const second = await run(['upload', folder, '--json']);
    expect(second.json).toMatchObject({ uploaded: 1, existing: 1, failed: 0 });
    expect((await photosOf(client)).map(({ hash }) => hash)).toContain(sha256(other));
  });

  test('an edit right after the upload is sent too', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    for (const uploaded of [1, 1, 1]) {
      await writeFiles(folder, { 'a.jpg': jpeg() });
      expect((await run(['upload', folder, '--json'])).json).toMatchObject({ uploaded, existing: 0 });
    }
  });

  test('hashes are remembered between runs, and a wrong memory heals', async () => {
    const { run, configDir } = await signedInCli();
    const folder = await temporaryFolder();
    const path = join(folder, 'a.jpg');
    const content = jpeg();
    await writeFiles(folder, { 'a.jpg': content });
    await run(['upload', folder], { env: TEN_SECONDS_LATER });
    const cachePath = join(configDir, 'hashes.json');
    const cache = JSON.parse(await readFile(cachePath, 'utf8'));
    expect(Object.keys(cache.files)).toEqual([path]);
    const wrong = sha256(Buffer.from('something else'));
    await writeFile(cachePath, JSON.stringify(cache).replace(sha256(content), wrong));
    // An account that does not have the photo yet.
    const other = await newAccount();
    expect((await run(['login', '--email', other.email])).code).toBe(0);
    expect((await run(['upload', folder, '--json'])).json).toMatchObject({ uploaded: 1, failed: 0 });
    expect(await photosOf(other.client)).toMatchObject([{ hash: sha256(content) }]);
  });

  test('the cache of an older version is not believed', async () => {
    const { run, configDir, client } = await signedInCli();
    const folder = await temporaryFolder();
    const path = join(folder, 'a.jpg');
    const content = jpeg();
    await writeFiles(folder, { 'a.jpg': content });
    const { size, mtimeMs } = await stat(path);
    const files = { [path]: [size, mtimeMs, 'a'.repeat(64), 'image/jpeg'] };
    await writeFile(join(configDir, 'hashes.json'), JSON.stringify({ version: 1, files }));
    expect((await run(['upload', folder, '--json'])).json).toMatchObject({ uploaded: 1 });
    expect(await photosOf(client)).toMatchObject([{ hash: sha256(content) }]);
  });

  test('new attributes of a file on its way are no change of it', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(2 * CHUNK) });
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'PUT /upload-sessions', effect: { until: changed }, times: 3 });
    const meanwhile = async () => {
      await until(() => node.count('PUT ') > 0);
      await chmod(join(folder, 'a.jpg'), 0o600);
      resolve();
    };
    const { code, json } = await run(['upload', folder, '--json'], { meanwhile });
    expect(json).toMatchObject({ uploaded: 1, failures: [] });
    expect(code).toBe(0);
  });

  test('a file that vanishes between walk and upload is a failure', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg(2 * CHUNK), 'b.jpg': jpeg() });
    const { promise: removed, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'POST /upload-sessions', effect: { until: removed }, times: 1 });
    const meanwhile = async () => {
      await until(() => node.count('POST /upload-sessions') > 0);
      await rm(join(folder, 'b.jpg'));
      resolve();
    };
    const args = ['upload', folder, '--json', '--concurrency', '1'];
    const { code, json } = await run(args, { meanwhile });
    expect(code).toBe(1);
    expect(json).toMatchObject({ uploaded: 1, failed: 1, failures: [{ code: 'ENOENT' }] });
  });
});

describe('interruption', () => {
  test('Ctrl-C stops in order, and a second run continues', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const big = jpeg(7 * CHUNK);
    await writeFiles(folder, { 'a-big.jpg': big, 'b.jpg': jpeg(), 'c.jpg': jpeg() });
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'PUT /upload-sessions', effect: { until: stopped }, times: 20, after: 4 });
    const meanwhile = async (kill: (signal: NodeJS.Signals) => void) => {
      await until(() => node.responded('PUT ') === 4);
      kill('SIGINT');
    };
    const first = await run(['upload', folder, '--concurrency', '1'], { meanwhile });
    resolve();
    expect(first.code).toBe(130);
    expect(first.stderr.trim().split('\n').at(-1)).toMatch(
      /^lazyphotos: Interrupted: 0 uploaded, 0 there already, 3 left/,
    );
    // Not in bytes: what was on its way to the node when the command ended is still counted after it.
    const before = node.responded('PUT ');
    const second = await run(['upload', folder, '--json']);
    expect(second.code).toBe(0);
    expect(second.json).toMatchObject({ uploaded: 3 });
    // From the beginning it would be seven chunks and the two small photos.
    expect(node.responded('PUT ') - before).toBeLessThan(7 + 2);
    expect((await photosOf(client)).map(({ hash }) => hash)).toContain(sha256(big));
  });

  test('the document of an interrupted run says so', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'a.jpg': jpeg() });
    node.fail({ on: 'PUT /upload-sessions', effect: { until: new Promise(() => undefined) }, times: 9 });
    const meanwhile = async (kill: (signal: NodeJS.Signals) => void) => {
      await until(() => node.count('PUT ') > 0);
      kill('SIGINT');
    };
    const { code, json } = await run(['upload', folder, '--json'], { meanwhile });
    expect(code).toBe(130);
    expect(json).toMatchObject({ interrupted: true, left: 1, failed: 0 });
  });
});

/** Ends the session of a command on the node, as a sign-out elsewhere does. */
async function endSession(configDir: string): Promise<void> {
  const credentials = await readFile(join(configDir, 'credentials.json'), 'utf8');
  const refreshToken = /"refreshToken": ?"([^"]+)"/.exec(credentials)?.[1];
  await http(`${sharedNode().url}/auth/logout`, { json: { refreshToken } });
}

test('two runs at once share one refresh of the session', async () => {
  const { node, run, email } = await signedInCli();
  const folders = [await temporaryFolder(), await temporaryFolder()];
  for (const folder of folders) await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg() });
  node.expireAccessTokens();
  const results = await Promise.all(folders.map((folder) => run(['upload', folder, '--json'])));
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(node.count('POST /auth/refresh')).toBe(1);
  // A refresh token that was used twice would have ended the session.
  node.expireAccessTokens();
  expect((await run(['status'])).stdout).toContain(email);
});

test('a session that has ended stops the run with what to do', async () => {
  const { node, run, configDir } = await signedInCli();
  const folder = await temporaryFolder();
  await writeFiles(folder, { 'a.jpg': jpeg(), 'b.jpg': jpeg() });
  await utimes(join(folder, 'a.jpg'), new Date(), new Date());
  await writeFile(join(folder, 'c.txt'), 'text');
  node.expireAccessTokens();
  await endSession(configDir);
  const { code, stderr } = await run(['upload', folder, '--quiet']);
  expect(code).toBe(1);
  expect(stderr).toContain('sign in again');
});
