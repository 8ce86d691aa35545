import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { type CatalogNode, startCatalog } from './harness.js';
import type { User } from './user.js';

const POOL_SIZE = 3;

describeWithPostgres('while all connections to the database are in use', () => {
  let node: CatalogNode;
  let photoId: string;
  let albumId: string;
  let userId: string;
  beforeAll(async () => {
    node = await startCatalog({ poolSize: POOL_SIZE });
    const user = node.user();
    userId = user.id;
    photoId = await user.addPhoto();
    albumId = await user.addAlbum();
  });
  afterAll(() => node.stop());

  const requestsOf = (user: User) => [
    () => user.list(),
    () => user.photo(photoId),
    () => user.call('/photos/timeline'),
    () => user.call('/search?q=jpg'),
    () => user.call('/albums'),
    () => user.send('POST', '/albums', { name: 'Summer' }),
    () => user.call('/albums', { json: { name: 'Autumn' }, headers: { 'idempotency-key': newId() } }),
    () => user.addItems(albumId, [photoId]),
    () => user.moveItem(albumId, photoId, null),
    () => user.edit(photoId, { favorite: true }),
    () => user.deleteAll([photoId]),
    () => user.restoreAll([photoId]),
    () => user.emptyTrash(),
    () => user.send('POST', '/share-links', { albumId }),
  ];

  /** Takes all connections, also where one alone takes longer than the service would wait. */
  const hold = ({ pool }: CatalogNode) =>
    Promise.all(Array.from({ length: POOL_SIZE }, () => eventually(() => pool.connect())));

  it('every request is a 503 with Retry-After when it has waited for long enough', async () => {
    const impatient = await startCatalog({
      poolSize: POOL_SIZE,
      databaseUrl: node.databaseUrl,
      maxWaitMs: 500,
    });
    const held = await hold(impatient);
    const replies = await Promise.all(requestsOf(impatient.user(userId)).map((request) => request()));
    for (const client of held) client.release();
    for (const { status, headers, body } of replies) {
      expect([status, body.code]).toEqual([503, 'service_unavailable']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    await impatient.stop();
  });

  it('a request does its work as soon as a connection is free', async () => {
    for (const request of requestsOf(node.user(userId))) {
      const held = await hold(node);
      const reply = request();
      await eventually(() => expect(node.pool.waitingCount).toBeGreaterThan(0), { intervalMs: 1 });
      for (const client of held) client.release();
      expect((await reply).status).toBeLessThan(300);
    }
  });
});
