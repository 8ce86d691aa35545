import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, http, repository, run, type SamplePhoto, samplePhotos } from '@lazyphotos/testkit';
import { claim, type Phone, sha256OfFile, signIn } from './api.js';
import { importTakeout } from './import-job.js';
import { shareAlbum } from './share-job.js';

/** A running LazyPhotos, however it is put together. */
export interface RunningSystem {
  /** The gateway. */
  url: string;
  /** Where the upload service's metrics are served. */
  metricsUrl: string;
  /** A folder for the test's own files; it goes with the system. */
  folder: string;
  /** What is printed for the owner. */
  claimCode(): Promise<string>;
  /** Where it stands until the node is claimed. */
  claimCodeFile: string;
  /** kill -9 for every process of LazyPhotos, then a new start; resolves when it is ready. The addresses may change. */
  killAndStart(): Promise<void>;
  /** Sends SIGTERM to every process of LazyPhotos. Resolves to their exit codes. */
  terminate(): Promise<(number | null)[]>;
  /** Ends what still runs and removes its data. */
  remove(): Promise<void>;
}

const EMAIL = 'anna@example.org';
const collection = samplePhotos();
/** Real pictures of every kind, each once. */
const good = collection.all.filter(
  (photo) =>
    photo.name.startsWith('good/') && photo.referenceResult === 'ok' && !photo.name.includes('metadata-only'),
);
const bad = collection.folder('bad').filter((photo) => photo.referenceResult === 'fail' && photo.bytes > 0);
const jpeg = (index: number): SamplePhoto => {
  const photo = collection.folder('good/jpeg')[index];
  if (!photo) throw new Error('too few sample photos');
  return photo;
};

/**
 * What a family does with it, from the claim to the restart: the same on every way of running it. `more` declares tests that
 * run while it runs, before it is killed and stopped.
 */
export function describeMainJob(
  name: string,
  start: () => Promise<RunningSystem>,
  more: (system: () => RunningSystem, phone: () => Phone) => void = () => undefined,
): void {
  let system: RunningSystem;
  let phone: Phone;

  const cli = (...args: string[]) =>
    run(process.execPath, [join(repository, 'packages/cli/bin/lazyphotos.js'), ...args], {
      LAZYPHOTOS_SERVER: system.url,
      LAZYPHOTOS_CONFIG_DIR: join(system.folder, 'cli'),
      LAZYPHOTOS_PASSWORD: 'correct horse battery',
    });

  const allPhotos = async (): Promise<Record<string, unknown>[]> => {
    const photos: Record<string, unknown>[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await phone.call(`/photos?limit=25${cursor && `&cursor=${cursor}`}`);
      photos.push(...body.photos);
      cursor = body.cursor;
      if (!body.hasMore) return photos;
    }
  };

  describe(`the main job ${name}`, () => {
    beforeAll(async () => {
      system = await start();
    });
    afterAll(() => system?.remove());

    test('an unclaimed node serves only what is needed to claim it', async () => {
      expect((await http(`${system.url}/servers/status`)).body).toMatchObject({ claimed: false });
      for (const path of ['/photos', '/feed', '/albums', '/auth/me']) {
        expect(await http(system.url + path)).toMatchObject({
          status: 403,
          body: { code: 'server_unclaimed' },
        });
      }
      expect(
        await http(`${system.url}/auth/register`, {
          json: { email: EMAIL, password: 'long enough', code: 'wrong' },
        }),
      ).toMatchObject({ status: 403, body: { code: 'invalid_code' } });
      const code = await readFile(system.claimCodeFile, 'utf8');
      expect(code.trim()).toBe(await system.claimCode());
      expect((await stat(system.claimCodeFile)).mode & 0o777).toBe(0o600);
    });

    test('claim, sign in, register a device', async () => {
      phone = await claim(system.url, await system.claimCode(), EMAIL);
      expect((await phone.call('/auth/me')).body).toMatchObject({ email: EMAIL, role: 'owner' });
      const json = { platform: 'ios', model: 'iPhone', appVersion: '1.0' };
      expect((await phone.call('/devices/register', { json })).status).toBe(200);
      await expect(stat(system.claimCodeFile)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('the command backs up a folder of real photos, and a second run finds them', async () => {
      expect(await cli('login', '--email', EMAIL)).toMatchObject({ code: 0 });
      const source = join(collection.all[0]?.path.split('/good/')[0]?.split('/bad/')[0] ?? '', 'good');
      const first = await cli('upload', source, '--json');
      const report = JSON.parse(first.stdout);
      expect({ code: first.code, failed: report.failed }).toEqual({ code: 0, failed: 0 });
      const second = JSON.parse((await cli('upload', source, '--json')).stdout);
      expect(second).toMatchObject({ uploaded: 0, failed: 0 });

      const photos = await allPhotos();
      const hashes = new Set(photos.map((photo) => photo.hash));
      for (const photo of good) expect(hashes).toContain(photo.sha256);
      expect(photos).toHaveLength(hashes.size);
    });

    test('every one of them gets its EXIF, upright previews and a placeholder', async () => {
      const photos = await allPhotos();
      for (const sample of good) {
        const found = photos.find((photo) => photo.hash === sample.sha256);
        const photo = await phone.processed(String(found?.id));
        expect({ name: sample.name, processing: photo.processing }).toEqual({
          name: sample.name,
          processing: 'ready',
        });
        expect(Math.max(photo.width, photo.height)).toBeGreaterThan(0);
        if (sample.expected?.Make) expect(photo.cameraMake).toBe(String(sample.expected.Make).trim());
        expect(Buffer.from(photo.placeholder, 'base64').length).toBeGreaterThan(4);
        for (const variant of ['thumb', 'medium']) {
          const preview = await http(photo.thumbnails[variant]);
          expect(preview).toMatchObject({ status: 200 });
          expect(preview.bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
        }
      }
    });

    test('originals come back byte for byte, by signed URL, with ETag and Range', async () => {
      const sample = jpeg(0);
      const photo = (await allPhotos()).find((candidate) => candidate.hash === sample.sha256);
      const link = await phone.call(`/photos/${photo?.id}/download?size=original`);
      expect(new Date(link.body.expiresAt).getTime()).toBeGreaterThan(Date.now());
      const whole = await http(link.body.url);
      expect(whole.bytes).toEqual(await readFile(sample.path));
      expect(whole.headers.get('etag')).toBe(`"${sample.sha256}"`);
      const part = await http(link.body.url, { headers: { range: 'bytes=10-19' } });
      expect({ status: part.status, bytes: part.bytes }).toEqual({
        status: 206,
        bytes: whole.bytes.subarray(10, 20),
      });
      const again = await http(link.body.url, { headers: { 'if-none-match': `"${sample.sha256}"` } });
      expect(again.status).toBe(304);
      expect((await http(link.body.url.replace('/original', '/medium'))).status).toBe(403);
    });

    test('the command downloads everything again', async () => {
      const target = await mkdtemp(join(system.folder, 'download-'));
      expect(await cli('download', target, '--json')).toMatchObject({ code: 0 });
      const hashes = new Set(
        await Promise.all((await readdir(target)).map((name) => sha256OfFile(join(target, name)))),
      );
      for (const photo of good) expect(hashes).toContain(photo.sha256);
    });

    test('damaged pictures are kept, and marked as failed with a reason', async () => {
      for (const sample of bad.filter((photo) => photo.mime === 'image/jpeg').slice(0, 4)) {
        const { status, body } = await phone.upload(sample);
        expect({ name: sample.name, status }).toEqual({ name: sample.name, status: 200 });
        const photo = await phone.processed(body.photoId);
        expect(photo).toMatchObject({ processing: 'failed', processingError: { code: expect.any(String) } });
        expect(await phone.call(`/photos/${photo.id}/download?size=thumb`)).toMatchObject({
          body: { code: 'not_ready' },
        });
      }
    });

    test('albums, trash and restore come through the feed, and the fold of it is what the lists show', async () => {
      const { body: page } = await phone.call('/photos?limit=3');
      const [a, b, c] = page.photos.map((photo: { id: string }) => photo.id);
      const album = (await phone.call('/albums', { json: { name: 'Summer' } })).body;
      expect((await phone.call(`/albums/${album.id}/items`, { json: { photoIds: [a, b, c] } })).status).toBe(
        204,
      );
      expect((await phone.call(`/photos/${a}`, { method: 'DELETE' })).status).toBe(204);
      expect((await phone.call(`/photos/${b}`, { method: 'DELETE' })).status).toBe(204);
      expect((await phone.call(`/photos/${b}/restore`, { method: 'POST' })).body).toMatchObject({
        id: b,
        isDeleted: false,
      });
      const empty = (await phone.call('/albums', { json: { name: 'Mistake' } })).body;
      expect((await phone.call(`/albums/${empty.id}`, { method: 'DELETE' })).status).toBe(204);

      await eventually(async () => {
        const state = new Map<string, { type: string; data: Record<string, unknown> }>();
        for (const item of (await phone.feed()).items) state.set(item.data.id, item);
        const live = [...state.values()].filter((item) => item.type === 'photo').map((item) => item.data.id);
        expect(live.sort()).toEqual((await allPhotos()).map((photo) => photo.id).sort());
        expect(state.get(a)?.type).toBe('tombstone');
        expect(state.get(empty.id)?.type).toBe('tombstone');
        expect(state.get(album.id)).toMatchObject({ type: 'album', data: { itemCount: 2 } });
        expect(new Set(state.get(album.id)?.data.photoIds as string[])).toEqual(new Set([b, c]));
      });
    });

    test('a share link shows an album to people without an account, and no place unless that is allowed', async () => {
      await shareAlbum(system.url, system.folder, phone);
    });

    test('an import brings photos with what Google Photos knew of them', async () => {
      await importTakeout(system.folder, phone);
    });

    test('what is not shared cannot be seen', async () => {
      const { body } = await phone.call('/photos?limit=1');
      const id = body.photos[0].id;
      expect((await http(`${system.url}/photos/${id}`)).status).toBe(401);
      expect((await http(`${system.url}/photos/${id}`, { token: 'e30.e30.e30' })).status).toBe(401);
      const stranger = { email: 'eve@example.org', password: 'correct horse battery' };
      expect(await http(`${system.url}/auth/register`, { json: stranger })).toMatchObject({ status: 403 });
      expect((await http(`${system.url}/internal/users/${id}/head`)).status).toBe(404);
    });

    test('metrics are served beside, never through the gateway', async () => {
      const metrics = await http(system.metricsUrl);
      expect(metrics.text).toMatch(/lazyphotos_http_request_duration_seconds_count\{[^}]*service="upload"/);
      expect((await http(`${system.url}/metrics`)).status).toBe(404);
    });

    more(
      () => system,
      () => phone,
    );

    test('after kill -9 everything is found, and unfinished work continues', async () => {
      const before = await allPhotos();
      const cursor = (await phone.feed()).cursor;
      const half = collection.all.find(
        (photo) => photo.bytes > 0 && !before.some((known) => known.hash === photo.sha256),
      );
      const open = half && (await phone.call('/upload-sessions', { json: announcement(half) })).body;
      await system.killAndStart();
      phone = await signIn(system.url, EMAIL);
      expect((await allPhotos()).map((photo) => photo.id)).toEqual(before.map((photo) => photo.id));
      expect((await phone.feed(cursor)).items).toEqual([]);
      if (half) {
        const again = (await phone.call('/upload-sessions', { json: announcement(half) })).body;
        expect(again.uploadSessionId).toBe(open.uploadSessionId);
      }
      const link = await phone.call(`/photos/${before[0]?.id}/download`);
      expect(await sha256Of(link.body.url)).toBe(before[0]?.hash);
    });

    test('SIGTERM ends it cleanly', async () => {
      for (const code of await system.terminate()) expect(code).toBe(0);
      await expect(http(`${system.url}/health`)).rejects.toThrow();
    });
  });
}

const announcement = (photo: SamplePhoto) => ({
  hash: photo.sha256,
  sizeBytes: photo.bytes,
  mimeType: 'image/jpeg',
});

async function sha256Of(url: string): Promise<string> {
  return createHash('sha256')
    .update((await http(url)).bytes)
    .digest('hex');
}
