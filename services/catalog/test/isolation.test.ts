import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { endpoints } from '@lazyphotos/contracts';
import { describeWithPostgres, http } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';

/** A body that each operation accepts, so that nothing but the owner stands in the way. */
const bodies: Record<string, object> = {
  updateAlbum: { name: 'stolen' },
  createAlbum: { name: 'mine' },
  updateShareLink: { title: 'stolen' },
  moveAlbumItem: { after: null },
  editPhoto: { description: 'stolen' },
};

const routes = Object.values(endpoints).filter(
  (endpoint) => endpoint.service === 'catalog' && endpoint.auth === 'bearer',
);
const ofOneThing = routes.filter((endpoint) => endpoint.path.includes('{id}'));

describeWithPostgres('what is not yours', () => {
  let node: CatalogNode;
  let owner: ReturnType<CatalogNode['user']>;
  let photoId: string;
  let albumId: string;
  let linkId: string;
  beforeAll(async () => {
    node = await startCatalog();
    owner = node.user();
    photoId = await owner.addPhoto();
    albumId = await owner.addAlbum();
    await owner.addItems(albumId, [photoId]);
    linkId = (await owner.send('POST', '/share-links', { albumId })).body.id;
  });
  afterAll(() => node.stop());

  const snapshot = async () => [
    (await owner.photo(photoId)).body,
    (await owner.album(albumId)).body,
    (await owner.call(`/share-links/${linkId}`)).body,
  ];
  const idOn = (path: string) => {
    if (path.startsWith('/share-links')) return linkId;
    return path.startsWith('/albums') ? albumId : photoId;
  };

  it.each(ofOneThing.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
    'looks like something that does not exist: %s',
    async (_name, endpoint) => {
      const before = await snapshot();
      const stranger = node.user();
      const own = await stranger.addPhoto();
      const path = endpoint.path.replace('{id}', idOn(endpoint.path)).replace('{photoId}', photoId);
      const body = endpoint.id === 'addAlbumItems' ? { photoId: own } : bodies[endpoint.id];
      const reply = await stranger.send(endpoint.method.toUpperCase(), path, body);
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(reply.text).not.toContain(owner.id);
      expect(await snapshot()).toEqual(before);
    },
  );

  it.each(
    ofOneThing
      .filter(({ path }) => path.startsWith('/photos'))
      .map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const),
  )(
    'looks like something that does not exist while it is in the trash, and stays there: %s',
    async (_name, endpoint) => {
      const trashed = await owner.addPhoto();
      await owner.trash(trashed);
      const before = [(await owner.photo(trashed)).body, await node.eventsOf(owner.id)];
      const reply = await node
        .user()
        .send(endpoint.method.toUpperCase(), endpoint.path.replace('{id}', trashed), bodies[endpoint.id]);
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect([(await owner.photo(trashed)).body, await node.eventsOf(owner.id)]).toEqual(before);
      expect(await owner.listedIds('?trashed=true')).toContain(trashed);
    },
  );

  it('cannot be put into your album, made its cover, or listed through it', async () => {
    const stranger = node.user();
    const own = await stranger.addAlbum();
    const replies = [
      await stranger.addItems(own, [photoId]),
      await stranger.removeItem(own, photoId),
      await stranger.moveItem(own, photoId, null),
      await stranger.call(`/photos/timeline?albumId=${albumId}`),
      await stranger.send('PUT', `/albums/${own}`, { coverPhotoId: photoId }),
      await stranger.send('POST', '/albums', { name: 'A', coverPhotoId: photoId }),
      await stranger.list(`?albumId=${albumId}`),
    ];
    for (const reply of replies) expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await stranger.list()).body.photos).toEqual([]);
    expect((await stranger.call('/albums')).body.albums).toHaveLength(1);
  });

  it.each(routes.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
    'nor without a token: %s',
    async (_name, endpoint) => {
      const path = endpoint.path.replace('{id}', photoId).replace('{photoId}', photoId);
      const reply = await http(node.url + path, { method: endpoint.method.toUpperCase() });
      expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    },
  );
});
