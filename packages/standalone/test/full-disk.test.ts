import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  describeWithDisk,
  eventually,
  http,
  mountSmallDisk,
  type SamplePhoto,
  type SmallDisk,
} from '@lazyphotos/testkit';
import { claim, type Phone, signIn } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const EMAIL = 'owner@example.org';
const MIB = 1024 ** 2;
/** A small disk, and a reserve that is a fair part of it: the file that is given back is a quarter of the reserve. */
const DISK_MIB = 420;
const RESERVE = 128 * MIB;
const RESERVE_FILE = RESERVE / 4;
const SETTINGS = {
  LAZYPHOTOS_DISK_RESERVE_BYTES: String(RESERVE),
  LAZYPHOTOS_IMPORT_RESERVE_BYTES: '0',
  LAZYPHOTOS_CHUNK_BYTES: String(5 * MIB),
};
const FULL = { status: 507, body: { code: 'storage_full' } };

describeWithDisk('a disk that is filled to the last byte', () => {
  let folder: NodeFolder;
  let disk: SmallDisk;
  let node: NodeProcess;
  let phone: Phone;
  let photos: SamplePhoto[];
  /** The hashes of all photos whose upload got 200 and that were not deleted, by id. */
  const acknowledged = new Map<string, string>();

  beforeAll(async () => {
    folder = await createNodeFolder();
    photos = await distinctPhotos(folder.path, 10, { label: 'full' });
    disk = await mountSmallDisk(join(folder.path, 'data'), DISK_MIB);
    node = await folder.start(SETTINGS);
    phone = await claim(node.url, node.claimCode(), EMAIL);
    await eventually(async () => expect(await reserveFileBytes()).toBe(RESERVE_FILE));
  });
  afterAll(async () => {
    // A failed test may have left none.
    await node?.stop('SIGTERM').catch(() => null);
    disk?.unmount();
    await folder?.remove();
  });

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(node.metricsUrl)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  };
  const reserveFileBytes = () => metric('lazyphotos_reserve_file_bytes');
  /** Leaves the node nothing but its reserve file. A node that removes it while the disk is still being filled loses its room, too: then again. */
  const fillToLastByte = async () => {
    const hasReserveOrItsRoom = () => existsSync(join(disk.path, 'reserve')) || disk.free() > 0;
    for (disk.fill(); !hasReserveOrItsRoom(); disk.fill()) {
      await disk.empty();
      await eventually(async () => expect(await reserveFileBytes()).toBe(RESERVE_FILE));
    }
  };
  const upload = async (photo: SamplePhoto): Promise<string> => {
    const { status, body, text } = await phone.upload(photo);
    expect([status, text]).toEqual([200, expect.anything()]);
    acknowledged.set(body.photoId, photo.sha256);
    return body.photoId;
  };
  const announce = (sizeBytes: number, hash: string) =>
    phone.call('/upload-sessions', { json: { hash, sizeBytes, mimeType: 'image/jpeg' } });
  const remove = async (id: string) => {
    await eventually(async () => {
      const { status } = await phone.call(`/photos/${id}?permanent=true`, { method: 'DELETE' });
      expect(status).toBe(204);
    });
    acknowledged.delete(id);
  };
  const expectReads = async () => {
    const { status, body } = await phone.call('/photos');
    expect(status).toBe(200);
    const ids = body.photos.map(({ id }: { id: string }) => id);
    expect(ids.sort()).toEqual([...acknowledged.keys()].sort());
    for (const [id, hash] of acknowledged) {
      const { url } = (await phone.call(`/photos/${id}/download?size=original`)).body;
      const { bytes } = await http(url);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
    }
    await phone.feed();
  };

  test('uploads end at the reserve, with storage_full; what is announced counts', async () => {
    for (const photo of photos.slice(0, 4)) await phone.processed(await upload(photo));
    const room = disk.free() - RESERVE;
    const first = await announce(Math.floor(room * 0.6), 'a'.repeat(64));
    expect(first.status).toBe(200);
    const refused = await announce(Math.floor(room * 0.6), 'b'.repeat(64));
    expect(refused).toMatchObject(FULL);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const { uploadSessionId: id, uploadUrl } = first.body;
    disk.fill(RESERVE - MIB);
    const chunk = await phone.call(`${uploadUrl.slice(node.url.length)}?offset=0`, {
      method: 'PUT',
      body: new Uint8Array(5 * MIB),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(chunk).toMatchObject(FULL);
    expect(await announce(Math.floor(room * 0.6), 'a'.repeat(64))).toMatchObject(FULL);
    expect(await phone.upload(photos[4] as SamplePhoto)).toMatchObject(FULL);
    // What is there already is no upload.
    expect((await phone.upload(photos[0] as SamplePhoto)).body).toMatchObject({ alreadyExists: true });
    const ready = await http(`${node.url}/health/ready`);
    expect(ready).toMatchObject({ status: 200, body: { checks: { upload: 'full', catalog: 'ok' } } });
    expect(await metric('lazyphotos_uploads_refused_total{step="session"}')).toBe(3);
    expect(await metric('lazyphotos_storage_free_bytes')).toBeLessThan(RESERVE);
    expect(await metric('lazyphotos_storage_reserve_bytes')).toBe(RESERVE);
    expect(await reserveFileBytes()).toBe(RESERVE_FILE);
    expect((await phone.call(`/upload-sessions/${id}`, { method: 'DELETE' })).status).toBe(204);
    await expectReads();
  });

  test('at 0 bytes reads, the feed and permanent deletes go on', async () => {
    await fillToLastByte();
    await expectReads();
    const [id = ''] = acknowledged.keys();
    await remove(id);
    await expectReads();
    const { items } = await phone.feed();
    expect(items).toContainEqual(
      expect.objectContaining({ type: 'tombstone', data: expect.objectContaining({ entity: 'photo', id }) }),
    );
    expect(await phone.upload(photos[5] as SamplePhoto)).toMatchObject(FULL);
    await eventually(async () => expect(await reserveFileBytes()).toBe(0));
    expect(node.output()).toContain('the disk is full: the reserve file was removed');
  });

  test('after kill -9 of everything it starts at 0 bytes, and deletes', async () => {
    // Others have given back and filled what was there.
    await disk.empty();
    await eventually(async () => expect(await reserveFileBytes()).toBe(RESERVE_FILE));
    const pid = Number((await readFile(join(disk.path, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
    await node.stop('SIGKILL');
    process.kill(pid, 'SIGKILL');
    disk.fill();
    expect(disk.free()).toBe(0);
    node = await folder.start(SETTINGS);
    phone = await signIn(node.url, EMAIL);
    await expectReads();
    const [id = ''] = acknowledged.keys();
    await remove(id);
    await expectReads();
    expect(await phone.upload(photos[6] as SamplePhoto)).toMatchObject(FULL);
  });

  test('once there is room the reserve file is made again, and uploads go on', async () => {
    await disk.empty();
    await eventually(async () => expect(await reserveFileBytes()).toBe(RESERVE_FILE));
    for (const photo of photos.slice(5, 8)) await phone.processed(await upload(photo));
    await expectReads();
    expect((await http(`${node.url}/health/ready`)).body.checks.upload).toBe('ok');
    // Nothing half-written is left behind.
    for (const left of ['storage/tmp', 'storage/staging', 'scratch'])
      expect([left, await readdir(join(disk.path, left))]).toEqual([left, []]);
    expect((await readdir(disk.path)).filter((name) => /tmp|new|probe/.test(name))).toEqual([]);
  });
});
