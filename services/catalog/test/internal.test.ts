import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ServiceName } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, http } from '@lazyphotos/testkit';
import { imported, newUpload } from './facts.js';
import { asService, type CatalogNode, startCatalog } from './harness.js';
import { share } from './visitor.js';

describeWithPostgres('the internal routes', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog({ alone: true });
  });
  afterAll(() => node.stop());

  const call = (path: string, options = {}) =>
    http(`${node.url}/internal${path}`, { headers: asService('upload'), ...options });

  it('record an upload', async () => {
    const fact = newUpload(newId());
    expect((await call('/uploads', { json: fact })).status).toBe(204);
    expect((await node.user(fact.userId).photo(fact.photoId)).status).toBe(200);
    expect((await call('/uploads', { json: { ...fact, hash: 'x' } })).status).toBe(400);
  });

  it('add what an import knows, and say when photos were taken', async () => {
    const user = node.user();
    const [id = '', other] = [await user.addPhoto({ fileName: 'scan.jpg' }), newId()];
    const date = { capturedAt: '2018-05-06T07:08:09.000Z', source: 'sidecar' } as const;
    const album = { id: newId(), name: 'Lake' };
    const photos = [imported(id, { date, albumIds: [album.id] }), imported(other)];
    const body = { userId: user.id, newAlbums: [album], photos };
    expect(await call('/imports/photos', { json: body })).toMatchObject({
      status: 200,
      body: { unknown: [other] },
    });
    expect(await user.itemIds(album.id)).toEqual([id]);
    expect(await call('/photos/dates', { json: { userId: user.id, photoIds: [id, other] } })).toMatchObject({
      status: 200,
      body: {
        photos: [
          {
            photoId: id,
            capturedAt: date.capturedAt,
            capturedAtSource: 'sidecar',
            processing: 'pending',
          },
        ],
      },
    });
    const tooMany = { ...body, photos: Array.from({ length: 101 }, () => imported(newId())) };
    expect((await call('/imports/photos', { json: tooMany })).status).toBe(400);
    for (const path of ['/imports/photos', '/photos/dates'])
      expect((await call(path, { json: {}, headers: asService('gateway') })).status).toBe(403);
  });

  it('say where a photo stands, and bring it back from the trash', async () => {
    const user = node.user();
    const id = await user.addPhoto();
    const path = `/users/${user.id}/photos/${id}`;
    const state = async () => (await call(`${path}/state`)).body;
    const restore = async () => (await call(`${path}/restore`, { method: 'POST' })).body;
    expect(await state()).toEqual({ state: 'active' });
    expect(await restore()).toEqual({ state: 'active' });
    await user.trash(id);
    expect(await state()).toEqual({ state: 'trashed' });
    expect(await restore()).toEqual({ state: 'active' });
    expect((await user.photo(id)).body.isDeleted).toBe(false);
    await user.purge(id);
    expect(await state()).toEqual({ state: 'deleted' });
    expect(await restore()).toEqual({ state: 'deleted' });
  });

  it('show and unlock a share link to the gateway, and to no other service', async () => {
    const user = node.user();
    const { token } = await share(user, { photoId: await user.addPhoto(), password: 'open sesame' });
    const ask = (path: string, json: object, caller: ServiceName = 'gateway') =>
      call(`/shares/${path}`, { json, headers: asService(caller) });
    const view = { token, limit: 10, counted: true };
    expect(await ask('view', view)).toMatchObject({ status: 401, body: { code: 'share_password_required' } });
    expect(await ask('unlock', { token, password: 'x' })).toMatchObject({
      status: 403,
      body: { code: 'wrong_share_password' },
    });
    const unlock = await ask('unlock', { token, password: 'open sesame' });
    const shown = await ask('view', { ...view, unlockToken: unlock.body.token });
    expect(shown).toMatchObject({ status: 200, body: { link: { kind: 'photo', photoCount: 1 } } });
    const unseen = await ask('view', { ...view, counted: false, unlockToken: unlock.body.token });
    expect(unseen.status).toBe(200);
    expect((await user.call('/share-links')).body.shareLinks).toMatchObject([{ viewCount: 1 }]);
    expect(await ask('view', { ...view, token: 'A'.repeat(43) })).toMatchObject({ status: 404 });
    expect(await ask('view', view, 'upload')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  it("do not show another user's photo", async () => {
    const user = node.user();
    const id = await user.addPhoto();
    await user.trash(id);
    const path = `/users/${newId()}/photos/${id}`;
    expect((await call(`${path}/state`)).body).toEqual({ state: 'unknown' });
    expect((await call(`${path}/restore`, { method: 'POST' })).body).toEqual({ state: 'unknown' });
    expect((await user.photo(id)).body.isDeleted).toBe(true);
  });

  it('are for the upload service alone', async () => {
    const path = `/users/${newId()}/photos/${newId()}/state`;
    for (const name of ['gateway', 'feed', 'auth', 'media-worker'] as const) {
      expect(await call(path, { headers: asService(name) })).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
    expect(await call(path, { headers: {} })).toMatchObject({ status: 403, body: { code: 'peer_required' } });
  });
});

describeWithPostgres('a catalog in one process with the others', () => {
  it('has no internal routes', async () => {
    const node = await startCatalog();
    try {
      const path = `${node.url}/internal/users/${newId()}/photos/${newId()}/state`;
      expect(await http(path, { headers: asService('upload') })).toMatchObject({ status: 404 });
    } finally {
      await node.stop();
    }
  });
});
