import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { http } from '@lazyphotos/testkit';
import type { Phone } from './api.js';

interface Located {
  id: string;
  hash: string;
  locationLat: number;
}

/** A photo whose file says where it was taken, and the bytes that a link without locations serves of it. */
async function withoutLocation(url: string, phone: Phone, photo: Located): Promise<Buffer> {
  const link = (await phone.call('/share-links', { json: { photoId: photo.id } })).body;
  const content = await http(`${url}/share-links/${link.token}/content`);
  expect(content).toMatchObject({
    status: 200,
    body: { link: { kind: 'photo' }, photos: [{ id: photo.id }] },
  });
  for (const secret of [String(photo.locationLat), phone.token, photo.hash])
    expect(content.text).not.toContain(secret);
  const original = await http(content.body.photos[0].originalUrl);
  expect(original.status).toBe(200);
  expect((await phone.call(`/share-links/${link.id}`, { method: 'DELETE' })).status).toBe(204);
  expect(await http(`${url}/share-links/${link.token}/content`)).toMatchObject({ status: 404 });
  return original.bytes;
}

/** Somebody without an account looks at an album by a link, downloads from it, and gets no location. */
export async function shareAlbum(url: string, folder: string, phone: Phone): Promise<void> {
  const { body: me } = await phone.call('/auth/me');
  const { body: page } = await phone.call('/photos?limit=500');
  const located: Located = page.photos.find(
    (photo: Located & { mimeType: string }) =>
      photo.locationLat !== undefined && photo.mimeType === 'image/jpeg',
  );
  expect(located).toBeDefined();

  // The node itself is asked what the bytes say: it finds a place in the original, and none in what the link serves.
  const bytes = await withoutLocation(url, phone, located);
  const path = join(folder, 'without-location.jpg');
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { body: uploaded } = await phone.upload({
    name: 'without-location.jpg',
    path,
    bytes: bytes.length,
    sha256,
    mime: 'image/jpeg',
  } as Parameters<Phone['upload']>[0]);
  const read = await phone.processed(uploaded.photoId);
  expect(read.processing).toBe('ready');
  expect(read).not.toHaveProperty('locationLat');
  expect((await phone.call(`/photos/${read.id}?permanent=true`, { method: 'DELETE' })).status).toBe(204);

  const album = (await phone.call('/albums', { json: { name: 'Shared' } })).body;
  const photoIds = page.photos.slice(0, 3).map(({ id }: { id: string }) => id);
  await phone.call(`/albums/${album.id}/items`, { json: { photoIds } });
  const password = 'open sesame';
  const link = (
    await phone.call('/share-links', { json: { albumId: album.id, password, showLocation: true } })
  ).body;
  const call = (path: string, options: Parameters<typeof http>[1] = {}) => http(url + path, options);
  const content = `/share-links/${link.token}/content`;
  expect(await call(content)).toMatchObject({ status: 401, body: { code: 'share_password_required' } });
  const wrong = await call(`/share-links/${link.token}/unlock`, { json: { password: 'x' } });
  expect(wrong).toMatchObject({ status: 403, body: { code: 'wrong_share_password' } });
  const unlock = (await call(`/share-links/${link.token}/unlock`, { json: { password } })).body;
  const headers = { 'x-share-token': unlock.token };
  const shown = await call(content, { headers });
  expect(shown.body.photos.map(({ id }: { id: string }) => id).sort()).toEqual([...photoIds].sort());
  for (const secret of [me.id, me.email]) expect(shown.text).not.toContain(secret);
  for (const photo of shown.body.photos) {
    expect((await http(photo.originalUrl)).status).toBe(401);
    const original = await http(photo.originalUrl, { headers });
    expect(original.status).toBe(200);
    // These are the bytes that were uploaded unless the file names somebody: then it is a copy that does not.
    expect(original.bytes.length).toBeGreaterThan(0);
    for (const secret of [me.id, me.email]) expect(original.bytes.includes(secret)).toBe(false);
  }
  expect((await call(`/s/${link.token}/archive`)).status).toBe(401);
  const archive = await call(`/s/${link.token}/archive`, { headers });
  expect(archive).toMatchObject({ status: 200 });
  expect(archive.bytes.subarray(0, 4)).toEqual(Buffer.from('PK\u0003\u0004'));
  expect((await phone.call(`/albums/${album.id}`, { method: 'DELETE' })).status).toBe(204);
  expect(await call(content, { headers })).toMatchObject({ status: 404 });
}
