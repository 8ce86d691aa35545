import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Client } from '@lazyphotos/client';
import type { Photo } from '@lazyphotos/contracts';
import { CHUNK_BYTES as CHUNK, eventually } from '@lazyphotos/testkit';
import {
  jpeg,
  photosOf,
  purge,
  signedInCli,
  TEN_SECONDS_LATER,
  temporaryFolder,
  trashedPhotos,
  until,
  writeFiles,
} from './helpers.js';

const SHARED = fileURLToPath(new URL('../../../../shared/photos/takeout', import.meta.url));

const time = (iso: string) => ({ timestamp: String(Date.parse(iso) / 1000) });

/** A sidecar as Google Photos writes it. */
const sidecar = (title: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    title,
    description: '',
    photoTakenTime: time('2015-06-01T10:00:00Z'),
    geoData: { latitude: 0, longitude: 0 },
    geoDataExif: { latitude: 0, longitude: 0 },
    ...more,
  });

const video = Buffer.from('000000186674797069736f6d0000020069736f6d69736f32', 'hex');

const byName = async (client: Client): Promise<Map<string, Photo>> =>
  new Map((await photosOf(client)).map((photo) => [photo.fileName, photo]));

/** The names of the albums, oldest first, with the ids of their photos. */
async function albumsOf(client: Client): Promise<{ name: string; photoIds: string[] }[]> {
  const { albums } = await client.listAlbums();
  const oldestFirst = albums.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return Promise.all(
    oldestFirst.map(async ({ id, name }) => {
      const { items } = await client.listAlbumItems({ params: { id } });
      return { name, photoIds: items.map((photo) => photo.id) };
    }),
  );
}

/** Waits until no photo changes by itself any more. */
const settled = (client: Client): Promise<Photo[]> =>
  eventually(async () => {
    const photos = await photosOf(client);
    expect(photos.filter(({ processing }) => processing === 'pending')).toEqual([]);
    return photos;
  });

const EDITS = 'POST /photos/metadata/batch';

interface Summary {
  files: number;
  imported: number;
  duplicates: number;
  failed: number;
  unsupported: number;
  sidecars: number;
  ignored: number;
  left: number;
}

/** Whether every file was counted once. */
const isBalanced = (json: unknown): boolean => {
  const { files, ...counts } = json as Summary;
  const { imported, duplicates, failed, unsupported, sidecars, ignored, left } = counts;
  return files === imported + duplicates + failed + unsupported + sidecars + ignored + left;
};

describe('import takeout of an unpacked folder', () => {
  test('takes date, place, description, favourite, archive, people and albums from the sidecars', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const [beach, plain, hidden] = [jpeg(), jpeg(), jpeg()];
    const beachFacts = sidecar('beach.jpg', {
      description: 'At the sea',
      favorited: true,
      people: [{ name: 'Ada' }],
      geoData: { latitude: 50.1, longitude: 14.4 },
      photoLastModifiedTime: time('2020-02-02T00:00:00Z'),
    });
    await writeFiles(join(folder, 'Takeout/Google Photos'), {
      'Photos from 2015/beach.jpg': beach,
      'Photos from 2015/beach.jpg.json': beachFacts,
      'Photos from 2015/no sidecar.jpg': plain,
      'Photos from 2015/hidden.jpg': hidden,
      'Photos from 2015/hidden.jpg.supplemental-metadata.json': sidecar('hidden.jpg', { archived: true }),
      'Photos from 2015/gone.jpg.json': sidecar('gone.jpg'),
      'Photos from 2015/clip.mp4': video,
      'Photos from 2015/clip.mp4.json': sidecar('clip.mp4'),
      'Photos from 2015/damaged.jpg': 'not a picture',
      'Trip/metadata.json': JSON.stringify({ title: 'Trip to the sea', description: 'Three days' }),
      'Trip/beach.jpg': beach,
      'Trip/beach.jpg.json': beachFacts,
      'print-subscriptions.json': '{"a":1}',
      'archive_browser.html': '<html>',
    });
    const first = await run(['import', 'takeout', folder, '--json']);
    expect(first.json).toMatchObject({
      files: 14,
      imported: 3,
      duplicates: 1,
      failed: 1,
      unsupported: 1,
      sidecars: 6,
      ignored: 2,
      left: 0,
      unmatchedSidecars: 1,
      albums: 1,
      problems: [],
      failures: [{ code: 'misnamed' }],
    });
    expect(isBalanced(first.json)).toBe(true);
    expect(first.code).toBe(1);
    const photos = await byName(client);
    expect(photos.get('beach.jpg')).toMatchObject({
      capturedAt: '2015-06-01T10:00:00.000Z',
      capturedAtSource: 'sidecar',
      locationLat: 50.1,
      locationLon: 14.4,
      description: 'At the sea',
      favorite: true,
      archived: false,
      tags: ['Ada'],
    });
    expect(photos.get('no sidecar.jpg')).toMatchObject({
      capturedAt: '2015-01-01T00:00:00.000Z',
      capturedAtSource: 'folderYear',
    });
    expect(photos.get('hidden.jpg')?.archived).toBe(true);
    const edits = node.bodies(EDITS).flatMap(({ updates }) => updates);
    expect(edits.map(({ updatedAt }) => updatedAt).sort()).toEqual([
      '1970-01-01T00:00:00.000Z',
      '2020-02-02T00:00:00.000Z',
      '2020-02-02T00:00:00.000Z',
    ]);
    expect(await albumsOf(client)).toEqual([
      { name: 'Trip to the sea', photoIds: [photos.get('beach.jpg')?.id] },
    ]);
  });

  test('running it again changes nothing, and photos that were there get their facts', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'Google Photos/Trip/a.jpg': jpeg(), 'Google Photos/Trip/b.jpg': jpeg() });
    await run(['upload', folder]);
    await writeFiles(folder, {
      'Google Photos/Trip/metadata.json': JSON.stringify({ title: 'Trip' }),
      'Google Photos/Trip/a.jpg.json': sidecar('a.jpg', { description: 'A' }),
    });
    const puts = node.count('PUT ');
    const first = await run(['import', 'takeout', folder, '--json']);
    expect(first.json).toMatchObject({ imported: 0, duplicates: 2, described: 1, albums: 1 });
    expect(first.code).toBe(0);
    expect((await byName(client)).get('a.jpg')?.description).toBe('A');
    const state = async () => [await settled(client), await albumsOf(client)];
    const before = await state();
    const second = await run(['import', 'takeout', folder, '--json']);
    expect(second.json).toMatchObject({ imported: 0, duplicates: 2, failed: 0 });
    expect(await state()).toEqual(before);
    expect(node.count('PUT ')).toBe(puts);
    expect(await albumsOf(client)).toHaveLength(1);
  });

  test('a photo that its owner took out of an album stays out, and a new one comes in', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(join(folder, 'Google Photos/Trip'), {
      'metadata.json': JSON.stringify({ title: 'Trip' }),
      'a.jpg': jpeg(),
      'b.jpg': jpeg(),
    });
    await run(['import', 'takeout', folder]);
    const id = (await client.listAlbums()).albums[0]?.id ?? '';
    const before = await byName(client);
    const kept = before.get('b.jpg')?.id;
    await client.removeAlbumItem({ params: { id, photoId: before.get('a.jpg')?.id ?? '' } });
    const inTrip = async () => (await albumsOf(client))[0]?.photoIds.sort();
    await writeFiles(join(folder, 'Google Photos/Trip'), { 'c.jpg': jpeg() });
    expect((await run(['import', 'takeout', folder, '--json'])).json).toMatchObject({ albums: 1 });
    expect(await inTrip()).toEqual([kept, (await byName(client)).get('c.jpg')?.id].sort());
    expect((await run(['import', 'takeout', folder, '--json'])).json).toMatchObject({ albums: 0 });
    expect(await inTrip()).toHaveLength(2);
  });

  test('an album of this name is filled, the oldest of several', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'Google Photos/Café/metadata.json': JSON.stringify({ title: 'Cafe\u0301' }),
      'Google Photos/Café/a.jpg': jpeg(),
    });
    await run(['import', 'takeout', folder]);
    await client.createAlbum({ body: { name: 'Café' } });
    await writeFiles(folder, { 'Google Photos/Café/b.jpg': jpeg() });
    await run(['import', 'takeout', folder]);
    expect((await albumsOf(client)).map(({ photoIds }) => photoIds.length)).toEqual([2, 0]);
  });

  test('parts that were unpacked into folders of their own are one export', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'part-1/Takeout/Google Photos/Trip/a.jpg': jpeg(),
      'part-2/Takeout/Google Photos/Trip/a.jpg.json': sidecar('a.jpg', { description: 'in part 2' }),
      'part-2/Takeout/Google Photos/Trip/metadata.json': JSON.stringify({ title: 'Trip' }),
    });
    const args = [join(folder, 'part-1'), join(folder, 'part-2')];
    const { json } = await run(['import', 'takeout', ...args, '--json']);
    expect(json).toMatchObject({ files: 3, imported: 1, sidecars: 2, unmatchedSidecars: 0, albums: 1 });
    expect((await byName(client)).get('a.jpg')?.description).toBe('in part 2');
  });

  test('two exports side by side keep their facts apart', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const year = 'Takeout/Google Photos/Photos from 2015';
    await writeFiles(folder, {
      [`ada/${year}/IMG_1.jpg`]: jpeg(),
      [`ada/${year}/IMG_1.jpg.json`]: sidecar('IMG_1.jpg', { description: 'of Ada' }),
      [`bob/${year}/IMG_1.jpg`]: jpeg(),
    });
    await run(['import', 'takeout', folder]);
    expect((await photosOf(client)).map(({ description }) => description).sort()).toEqual([
      'of Ada',
      undefined,
    ]);
  });

  test('of a photo that is there twice the copy with a sidecar is announced', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const bytes = jpeg();
    await writeFiles(join(folder, 'Google Photos'), {
      'A/metadata.json': JSON.stringify({ title: 'A' }),
      'A/x.jpg': bytes,
      'Photos from 2015/x.jpg': bytes,
      'Photos from 2015/x.jpg.json': sidecar('x.jpg'),
    });
    expect((await run(['import', 'takeout', folder, '--json'])).json).toMatchObject({
      imported: 1,
      duplicates: 1,
    });
    const [kept] = await photosOf(client);
    expect(kept?.capturedAtSource).toBe('sidecar');
    expect(await albumsOf(client)).toEqual([{ name: 'A', photoIds: [kept?.id] }]);
  });

  test('what was in the trash goes there, unless it was here before', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const [here, twin] = [jpeg(), jpeg()];
    await writeFiles(folder, { 'mine/here.jpg': here });
    await run(['upload', folder]);
    await writeFiles(join(folder, 'Google Photos/Photos from 2015'), {
      'here.jpg': here,
      'here.jpg.json': sidecar('here.jpg', { trashed: true }),
      'gone.jpg': jpeg(),
      'gone.jpg.json': sidecar('gone.jpg', { trashed: true }),
      'twin.jpg': twin,
      'twin.jpg.json': sidecar('twin.jpg'),
      'twin(1).jpg': twin,
      'twin.jpg(1).json': sidecar('twin.jpg', { trashed: true }),
    });
    node.fail({ on: 'POST /photos/delete/batch', effect: { status: 500, code: 'internal_error' } });
    const { code, json } = await run(['import', 'takeout', folder, '--json']);
    expect([code, json]).toMatchObject([0, { imported: 2, duplicates: 3, trashed: 1, problems: [] }]);
    expect((await trashedPhotos(client)).map(({ fileName }) => fileName)).toEqual(['gone.jpg']);
    expect([...(await byName(client)).keys()].sort()).toEqual(['here.jpg', 'twin.jpg']);
    await run(['trash', 'restore', '--all']);
    await run(['import', 'takeout', folder]);
    expect([...(await byName(client)).keys()]).toContain('gone.jpg');
  });

  test('photos in the trash of the node stay there, unless asked', async () => {
    const { run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'Photos from 2015/a.jpg': jpeg(), 'Photos from 2015/b.jpg': jpeg() });
    await run(['import', 'takeout', folder]);
    const [a, b] = await photosOf(client);
    if (a === undefined || b === undefined) throw new Error('nothing imported');
    await purge(client, [b.id]);
    await client.deletePhotos({ body: { ids: [a.id] } });
    expect((await run(['import', 'takeout', folder, '--json'])).json).toMatchObject({
      imported: 0,
      duplicates: 2,
      inTrash: 1,
      deleted: 1,
    });
    expect((await run(['import', 'takeout', folder, '--restore', '--json'])).json).toMatchObject({
      imported: 2,
    });
    expect(await photosOf(client)).toHaveLength(2);
  });

  test('a place that was set by hand is an edit', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'Photos from 2015/a.jpg': jpeg(),
      'Photos from 2015/a.jpg.json': sidecar('a.jpg', {
        geoData: { latitude: 10, longitude: 20 },
        geoDataExif: { latitude: 1, longitude: 2 },
      }),
    });
    await run(['import', 'takeout', folder]);
    expect(node.bodies(EDITS)).toMatchObject([{ updates: [{ locationLat: 10, locationLon: 20 }] }]);
    expect(await photosOf(client)).toMatchObject([{ locationLat: 10, locationLon: 20 }]);
  });

  test('a sidecar that is too large or none is ignored', async () => {
    const { run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'Photos from 2015/a.jpg': jpeg(),
      'Photos from 2015/a.jpg.json': sidecar('a.jpg', { description: 'x'.repeat(1024 * 1024) }),
      'Photos from 2015/b.json': '{"broken',
    });
    const { json } = await run(['import', 'takeout', folder, '--json']);
    expect(json).toMatchObject({ imported: 1, sidecars: 0, ignoredByReason: { too_large: 1, no_facts: 1 } });
  });

  test('a photo that the node hears of late gets its facts and albums later', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'Google Photos/Trip/metadata.json': JSON.stringify({ title: 'Trip' }),
      'Google Photos/Trip/a.jpg': jpeg(),
      'Google Photos/Trip/a.jpg.json': sidecar('a.jpg', { description: 'A' }),
    });
    const edit = ({ results }: { results: { id: string }[] }) => ({
      results: results.map(({ id }) => ({ id, status: 'not_found' })),
    });
    node.fail({ on: EDITS, effect: { edit } });
    const { code, json } = await run(['import', 'takeout', folder, '--json']);
    expect(node.count(EDITS)).toBe(2);
    expect([code, json]).toMatchObject([0, { imported: 1, described: 1, albums: 1, problems: [] }]);
    expect((await byName(client)).get('a.jpg')?.description).toBe('A');
  });

  test('more facts than one request takes are sent in several', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    const files = Array.from({ length: 60 }, (_, number) => `Photos from 2015/${number}.jpg`);
    const description = 'ü'.repeat(9000);
    await writeFiles(
      folder,
      Object.fromEntries(
        files.flatMap((name, number) => [
          [name, jpeg(100)],
          [`${name}.json`, sidecar(`${number}.jpg`, { description })],
        ]),
      ),
    );
    const { json } = await run(['import', 'takeout', folder, '--json']);
    expect(json).toMatchObject({ imported: 60, described: 60 });
    expect(node.count(EDITS)).toBe(3);
  });

  test('facts that the node does not take now are sent later', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    const files = Array.from({ length: 502 }, (_, number) => `${number}.jpg`);
    await writeFiles(
      join(folder, 'Photos from 2015'),
      Object.fromEntries(
        files.flatMap((name) => [
          [name, jpeg(100)],
          [`${name}.json`, sidecar(name, { favorited: true })],
        ]),
      ),
    );
    node.fail({ on: EDITS, effect: { status: 500, code: 'internal_error' } });
    const { code, json } = await run(['import', 'takeout', folder, '--json', '--concurrency', '16']);
    expect([code, json]).toMatchObject([0, { imported: 502, described: 502, problems: [] }]);
    expect((await photosOf(client)).every(({ favorite }) => favorite)).toBe(true);
  });

  test('facts that the node refuses are reported, and the photo is there', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, {
      'Photos from 2015/a.jpg': jpeg(),
      'Photos from 2015/a.jpg.json': sidecar('a.jpg', { description: 'A' }),
    });
    node.fail({
      on: EDITS,
      effect: { status: 500, code: 'internal_error' },
      times: 99,
    });
    const { code, json, stderr } = await run(['import', 'takeout', folder, '--json']);
    expect([code, json]).toMatchObject([
      1,
      { imported: 1, failed: 0, stoppedBy: { code: 'internal_error' } },
    ]);
    expect(stderr).toContain('the same command continues');
  });

  test('Ctrl-C stops in order, and the same command continues', async () => {
    const { node, run, client } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(join(folder, 'Google Photos/Trip'), {
      'metadata.json': JSON.stringify({ title: 'Trip' }),
      'a.jpg': jpeg(),
      'a.jpg.json': sidecar('a.jpg', { description: 'A' }),
      'b.jpg': jpeg(2 * CHUNK),
    });
    const report = join(folder, 'report.csv');
    const args = ['import', 'takeout', folder, '--report', report, '--concurrency', '1', '--json'];
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    node.fail({ on: 'PUT /upload-sessions', effect: { until: stopped }, after: 2, times: 9 });
    const first = await run(args, {
      meanwhile: async (kill) => {
        await until(() => node.count('PUT ') > 2);
        kill('SIGINT');
      },
    });
    resolve();
    expect([first.code, first.json]).toMatchObject([
      130,
      { imported: 1, left: 1, interrupted: true, report: null },
    ]);
    expect(isBalanced(first.json)).toBe(true);
    const second = await run(args);
    expect([second.code, second.json]).toMatchObject([0, { imported: 1, duplicates: 1, report }]);
    expect((await byName(client)).get('a.jpg')?.description).toBe('A');
    expect((await albumsOf(client))[0]?.photoIds).toHaveLength(2);
  });

  test('a full disk ends it, and says so', async () => {
    const { node, run } = await signedInCli();
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'Photos from 2015/a.jpg': jpeg(), 'Photos from 2015/b.jpg': jpeg() });
    node.fail({ on: 'POST /upload-sessions', effect: { status: 507, code: 'storage_full' }, times: 9 });
    const { code, json, stderr } = await run(['import', 'takeout', folder, '--json']);
    expect([code, json]).toMatchObject([1, { left: 2, stoppedBy: { code: 'storage_full' } }]);
    expect(stderr).toContain('2 photos left');
  });
});

test('an album that cannot be filled is created again by the next run', async () => {
  const { node, run, client } = await signedInCli();
  const folder = await temporaryFolder();
  await writeFiles(join(folder, 'Google Photos/Trip'), {
    'metadata.json': JSON.stringify({ title: 'Trip' }),
    'a.jpg': jpeg(),
  });
  // Besides the request that creates the album.
  node.fail({ on: 'POST /albums', effect: { status: 403, code: 'forbidden' }, after: 1, times: 1 });
  expect((await run(['import', 'takeout', folder])).code).toBe(1);
  expect(await albumsOf(client)).toEqual([]);
  expect((await run(['import', 'takeout', folder])).code).toBe(0);
  expect(await albumsOf(client)).toMatchObject([{ name: 'Trip', photoIds: { length: 1 } }]);
});

test('photos that came before an interruption are put into an album that was there', async () => {
  const { node, run, client } = await signedInCli();
  const folder = await temporaryFolder();
  const trip = join(folder, 'Google Photos/Trip');
  await writeFiles(trip, { 'metadata.json': JSON.stringify({ title: 'Trip' }), 'a.jpg': jpeg() });
  await run(['import', 'takeout', folder]);
  await writeFiles(trip, { 'b.jpg': jpeg(), 'c.jpg': jpeg(2 * CHUNK) });
  const puts = node.count('PUT ');
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  node.fail({ on: 'PUT /upload-sessions', effect: { until: stopped }, after: 2, times: 9 });
  const args = ['import', 'takeout', folder, '--concurrency', '1', '--json'];
  const first = await run(args, {
    meanwhile: async (kill) => {
      await until(() => node.count('PUT ') > puts + 2);
      kill('SIGINT');
    },
  });
  resolve();
  expect([first.code, first.json]).toMatchObject([130, { imported: 1, left: 1, interrupted: true }]);
  await run(args);
  expect(await albumsOf(client)).toMatchObject([{ photoIds: { length: 3 } }]);
});

describe('the account of an unpacked folder', () => {
  async function unpackedFolder() {
    const folder = await temporaryFolder();
    await writeFiles(join(folder, 'Google Photos'), {
      'Photos from 2015/=1+1.jpg': jpeg(),
      'Photos from 2015/=1+1.jpg.json': sidecar('=1+1.jpg'),
      'Photos from 2015/live.jpg': jpeg(),
      'Photos from 2015/live.mp4': video,
      'Photos from 2015/empty.jpg': '',
      'Photos from 2015/empty.jpg.json': sidecar('empty.jpg'),
      '@eaDir/thumb.jpg': jpeg(),
    });
    await symlink(join(folder, 'nowhere'), join(folder, 'broken.jpg'));
    return folder;
  }

  test('has a line for each file', async () => {
    const { run } = await signedInCli();
    const folder = await unpackedFolder();
    const report = join(await temporaryFolder(), 'report.csv');
    const { code, json } = await run(['import', 'takeout', folder, '--report', report, '--json']);
    expect(code).toBe(1);
    expect(json).toMatchObject({ files: 8, imported: 2, failed: 1, unsupported: 1, sidecars: 2, ignored: 2 });
    expect(json).toMatchObject({ unmatchedSidecars: 0 });
    const [head, ...lines] = (await readFile(report, 'utf8')).trimEnd().split('\r\n');
    expect(head).toBe(
      '\ufeffpath,archive,sizeBytes,outcome,code,message,photoId,photoState,sidecar,sidecarRule,partOf,albums,capturedAt,dateSource',
    );
    expect(lines).toHaveLength(8);
    const line = (name: string) => lines.find((text) => text.split(',')[0]?.endsWith(name)) ?? '';
    expect(line('=1+1.jpg')).toMatch(/,,20000,imported,,,[0-9a-f-]{36},,'=1\+1\.jpg\.json,exact,/);
    expect(line('=1+1.jpg')).toContain('2015-06-01T10:00:00.000Z,sidecar');
    expect(line('live.jpg')).toMatch(/,2015-01-01T00:00:00\.000Z,pending$/);
    expect(line('live.mp4')).toContain('unsupported');
    expect(line('live.mp4')).toContain('live.jpg');
    expect(line('empty.jpg')).toContain('failed,empty');
    // It is never replaced by accident.
    await writeFile(report, 'mine');
    const nowhere = await run(['import', 'takeout', folder, '--report', join(folder, 'no/report.csv')]);
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no folder') });
    const again = await run(['import', 'takeout', folder, '--report', report]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    expect(await readFile(report, 'utf8')).toBe('mine');
    await run(['import', 'takeout', folder, '--report', report, '--force']);
    const replaced = await readFile(report, 'utf8');
    expect(replaced.split('\r\n')).toHaveLength(10);
    expect(replaced).toMatch(/,duplicate,in_library,,[0-9a-f-]{36},active,/);
  });

  test('says to people what was not stored, with --verbose each file', async () => {
    const { run } = await signedInCli();
    const folder = await unpackedFolder();
    const brief = await run(['import', 'takeout', folder]);
    expect(brief.stdout).toContain('1 of types that are not stored yet');
    expect(brief.stdout).not.toContain('live.mp4');
    expect(brief.stdout).toContain('8 files in total');
    const verbose = await run(['import', 'takeout', folder, '--verbose']);
    expect(verbose.stdout).toContain('live.mp4');
  });
});

test('a folder is read again quickly, and a file that changed is sent', async () => {
  const { run, client } = await signedInCli();
  const folder = await temporaryFolder();
  await writeFiles(folder, { 'Photos from 2015/a.jpg': jpeg() });
  await run(['import', 'takeout', folder], { env: TEN_SECONDS_LATER });
  await writeFiles(folder, { 'Photos from 2015/a.jpg': jpeg() });
  expect((await run(['import', 'takeout', folder, '--json'])).json).toMatchObject({ imported: 1 });
  expect(await photosOf(client)).toHaveLength(2);
});

const ifShared = existsSync(SHARED) ? test : test.skip;
ifShared('a real export is imported with its numbered sidecars', async () => {
  const { node, run } = await signedInCli();
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'copy'));
  await cp(join(SHARED, 'Takeout'), join(folder, 'copy', 'Takeout'), { recursive: true });
  const { code, json } = await run(['import', 'takeout', folder, '--json']);
  expect([code, json]).toMatchObject([0, { files: 4, imported: 2, sidecars: 2, unmatchedSidecars: 0 }]);
  const announced = node.bodies('POST /upload-sessions').filter(({ hash }) => hash !== undefined);
  expect(announced.map(({ capturedAtSource }) => capturedAtSource)).toEqual(['sidecar', 'sidecar']);
  await rm(join(folder, 'copy', 'Takeout'), { recursive: true });
});
