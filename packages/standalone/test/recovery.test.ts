import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, http, type SamplePhoto, samplePhotos } from '@lazyphotos/testkit';
import { claim, type Phone, signIn } from './support/api.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const EMAIL = 'ben@example.org';
const photos = samplePhotos()
  .folder('good/jpeg')
  .filter((photo) => photo.referenceResult === 'ok')
  .slice(0, 12);

let folder: NodeFolder;
let node: NodeProcess;
let phone: Phone;

const restart = async (env?: Record<string, string>) => {
  node = await folder.start(env);
  phone = await signIn(node.url, EMAIL);
};

beforeAll(async () => {
  folder = await createNodeFolder();
  node = await folder.start();
  phone = await claim(node.url, node.claimCode(), EMAIL);
});
afterAll(() => folder.remove());

describe('a node that was killed', () => {
  test('in the middle of processing: every photo whose upload got 200 gets its previews', async () => {
    const ids: string[] = [];
    for (const photo of photos) ids.push((await phone.upload(photo)).body.photoId);
    await node.stop('SIGKILL');
    await restart();
    for (const id of ids) expect(await phone.processed(id)).toMatchObject({ processing: 'ready' });
    const { items } = await phone.feed();
    expect(items.map((item) => item.data.id).sort()).toEqual([...new Set(ids)].sort());
  });

  test('by a power cut: lost previews are made again, on request and at the next start', async () => {
    const ids: string[] = (await phone.call('/photos')).body.photos.map(({ id }: { id: string }) => id);
    const fileOf = async (id: string) => {
      const { userId } = (await phone.call(`/photos/${id}`)).body;
      return join(folder.path, 'data/storage/objects/derived', userId, id, 'thumb');
    };
    const thumbOf = async (id: string) => {
      const { url } = (await phone.call(`/photos/${id}/download?size=thumb`)).body;
      const { status, bytes, headers } = await http(url);
      const hash = createHash('sha256').update(bytes).digest('hex');
      return { status, hash, etag: headers.get('etag'), type: headers.get('content-type') };
    };
    const photo = async (id = '') => ({ id, file: await fileOf(id), thumb: await thumbOf(id) });
    const [asked, empty, lost, zeros] = await Promise.all([
      photo(ids[0]),
      photo(ids[1]),
      photo(ids[2]),
      photo(ids[3]),
    ]);
    expect(asked.thumb).toMatchObject({ status: 200, type: 'image/jpeg', etag: `"${asked.thumb.hash}"` });
    await truncate(asked.file, 200);
    await eventually(async () => expect(await thumbOf(asked.id)).toEqual(asked.thumb));

    await node.stop('SIGKILL');
    await truncate(empty.file);
    await rm(lost.file);
    await writeFile(zeros.file, Buffer.alloc((await stat(zeros.file)).size));
    await restart();
    // Nobody has asked for it yet.
    await eventually(() => stat(lost.file));
    for (const { id, thumb } of [empty, lost, zeros])
      await eventually(async () => expect(await thumbOf(id)).toEqual(thumb));
  });

  test('in the middle of a chunk: the session knows what it has, and the upload continues', async () => {
    const size = 12 * 1024 * 1024;
    const chunkSize = 5 * 1024 * 1024;
    await node.stop('SIGTERM');
    await restart({ LAZYPHOTOS_CHUNK_BYTES: String(chunkSize) });
    const file = bigJpeg(size, await readFile((photos[0] as SamplePhoto).path));
    const json = { hash: file.hash, sizeBytes: size, mimeType: 'image/jpeg' };
    const session = (await phone.call('/upload-sessions', { json })).body;
    const path = session.uploadUrl.slice(node.url.length);
    const put = (offset: number, body: Uint8Array<ArrayBuffer> | ReadableStream) =>
      phone.call(`${path}?offset=${offset}`, {
        method: 'PUT',
        body,
        headers: { 'content-type': 'application/octet-stream' },
      });
    expect((await put(0, file.bytes(0, chunkSize))).status).toBe(204);
    const hanging = put(chunkSize, halfOf(file.bytes(chunkSize, chunkSize))).catch(() => undefined);
    await eventually(async () => {
      const staged = await readdir(join(folder.path, 'data/storage/staging'));
      expect(staged.length).toBe(1);
    });
    await node.stop('SIGKILL');
    await hanging;

    await restart({ LAZYPHOTOS_CHUNK_BYTES: String(chunkSize) });
    const state = (await phone.call(`/upload-sessions/${session.uploadSessionId}`)).body;
    expect(state).toMatchObject({
      status: 'open',
      nextOffset: chunkSize,
      received: [{ offset: 0, length: chunkSize }],
    });
    for (const offset of [2 * chunkSize, chunkSize]) {
      expect((await put(offset, file.bytes(offset, Math.min(chunkSize, size - offset)))).status).toBe(204);
    }
    const done = await phone.call(`/upload-sessions/${session.uploadSessionId}/complete`, { json: {} });
    expect(done.status).toBe(200);
    // Its EXIF may move it in the list: later tests compare lists.
    await phone.processed(done.body.photoId);
  });

  test('with PostgreSQL killed as well, and a postmaster.pid that names another process', async () => {
    const before = (await phone.call('/photos')).body.photos;
    const pidFile = join(folder.path, 'data/postgres/postmaster.pid');
    const [pid = ''] = (await readFile(pidFile, 'utf8')).split('\n');
    await node.stop('SIGKILL');
    process.kill(Number(pid), 'SIGKILL');
    const stale = (await readFile(pidFile, 'utf8')).replace(pid, String(process.pid));
    await writeFile(pidFile, stale);
    await restart();
    expect((await phone.call('/photos')).body.photos.map((photo: { id: string }) => photo.id)).toEqual(
      before.map((photo: { id: string }) => photo.id),
    );
  });

  test('PostgreSQL dying under a running node: 503 meanwhile, and it comes back by itself', async () => {
    const [pid = ''] = (await readFile(join(folder.path, 'data/postgres/postmaster.pid'), 'utf8')).split(
      '\n',
    );
    process.kill(Number(pid), 'SIGKILL');
    await eventually(async () => {
      const reply = await phone.call('/photos?limit=1');
      expect([200, 503]).toContain(reply.status);
      expect((await http(`${node.url}/health/ready`)).status).toBe(200);
      expect(reply.status).toBe(200);
    });
    const fresh = samplePhotos().folder('good/png')[0] as SamplePhoto;
    const { body } = await phone.upload(fresh);
    expect(await phone.processed(body.photoId)).toMatchObject({ processing: 'ready' });
  });

  test('a second node on the same data folder is refused, and the first continues', async () => {
    await expect(folder.start()).rejects.toThrow(/is using this data folder/);
    expect((await phone.call('/photos?limit=1')).status).toBe(200);
  });
});

/** A JPEG of any size: bytes after the end of the picture are ignored. */
function bigJpeg(size: number, head: Buffer) {
  const whole = Buffer.alloc(size, 7);
  head.copy(whole, 0, 0, Math.min(head.length, size));
  return {
    hash: createHash('sha256').update(whole).digest('hex'),
    bytes: (offset: number, length: number) => new Uint8Array(whole.subarray(offset, offset + length)),
  };
}

/** A body that sends its first half and then hangs. */
function halfOf(bytes: Uint8Array): ReadableStream {
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.subarray(0, bytes.length / 2)),
  });
}
