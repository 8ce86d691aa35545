import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, http } from '@lazyphotos/testkit';
import {
  albumChanged,
  albumDeleted,
  albumRecord,
  at,
  photoChanged,
  photoPurged,
  photoRecord,
  photoTrashed,
} from './events.js';
import { itemIds } from './follower.js';
import { type Feed, mediaUrls, startFeed } from './harness.js';

describeWithPostgres('entries of the feed', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(() => feed.stop());

  const itemsOf = async (userId: string) => (await feed.get(userId)).body.items;

  it('a photo comes as the catalog sent it, with signed preview URLs that open', async () => {
    const userId = newId();
    const photo = photoRecord(userId, { version: 3, tags: ['sea'], locationLat: 54.5, locationLon: -2.25 });
    await feed.deliver(photoChanged(photo));
    const [item] = await itemsOf(userId);
    const { thumbnails, ...data } = item.data;
    expect(item).toMatchObject({ type: 'photo', updatedAt: at(3) });
    expect(data).toEqual(photo);
    for (const variant of ['thumb', 'medium']) {
      const { origin, pathname, searchParams } = new URL(thumbnails[variant]);
      expect(origin).toBe('https://photos.example.org');
      const location = mediaUrls.verify(pathname, searchParams.get('exp'), searchParams.get('sig'));
      expect(location).toMatchObject({ userId, photoId: photo.id, variant });
    }
  });

  it.each(['0001-01-01T00:00:00.001Z', '1899-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'])(
    'the time of a change stays the same to the millisecond: %s',
    async (updatedAt) => {
      const userId = newId();
      await feed.deliver(photoChanged(photoRecord(userId, { updatedAt })));
      expect(await itemsOf(userId)).toMatchObject([{ updatedAt, data: { updatedAt } }]);
    },
  );

  it('a photo without previews has no URLs', async () => {
    const userId = newId();
    const photo = photoRecord(userId, { processing: 'pending', width: null, height: null });
    await feed.deliver(photoChanged(photo));
    expect(await itemsOf(userId)).toMatchObject([{ data: { id: photo.id, thumbnails: {} } }]);
  });

  it('a photo in the trash and a purged one are tombstones, and a restored one is a photo again', async () => {
    const userId = newId();
    const [trashed, purged, restored] = [1, 2, 3].map(() => photoRecord(userId)) as [
      ReturnType<typeof photoRecord>,
      ReturnType<typeof photoRecord>,
      ReturnType<typeof photoRecord>,
    ];
    await feed.deliver(...[trashed, purged, restored].map(photoChanged));
    await feed.deliver(photoTrashed(trashed, 2));
    await feed.deliver(photoPurged(purged, 2));
    await feed.deliver(photoTrashed(restored, 2));
    await feed.deliver(photoChanged({ ...restored, version: 3, updatedAt: at(3) }));
    expect(await itemsOf(userId)).toMatchObject([
      {
        type: 'tombstone',
        data: { entity: 'photo', id: trashed.id, deletedAt: at(2), permanent: false },
        updatedAt: at(2),
      },
      { type: 'tombstone', data: { entity: 'photo', id: purged.id, permanent: true } },
      { type: 'photo', data: { id: restored.id, version: 3 } },
    ]);
  });

  it('an album comes with exactly the photos in it', async () => {
    const userId = newId();
    const [one, two, three] = [newId(), newId(), newId()];
    const album = albumRecord(userId);
    await feed.deliver(albumChanged(album));
    expect(await itemsOf(userId)).toMatchObject([{ type: 'album', data: { ...album, photoIds: [] } }]);
    await feed.deliver(albumChanged({ ...album, version: 2, itemCount: 3 }, [one, two, three]));
    await feed.deliver(albumChanged({ ...album, version: 3, itemCount: 2, name: 'Sea' }, [], [two]));
    const [item, ...others] = await itemsOf(userId);
    expect(others).toEqual([]);
    expect(item.data).toMatchObject({ name: 'Sea', version: 3, itemCount: 2 });
    expect(item.data.photoIds.sort()).toEqual([one, three].sort());
  });

  it('a deleted album is a tombstone, also when it was unknown before', async () => {
    const userId = newId();
    const [known, unknown] = [albumRecord(userId), albumRecord(userId)];
    await feed.deliver(albumChanged(known, [newId()]));
    await feed.deliver(albumDeleted(known, 2));
    await feed.deliver(albumDeleted(unknown, 7));
    const tombstone = (id: string, version: number) => ({
      type: 'tombstone',
      data: { entity: 'album', id, deletedAt: at(version), permanent: true },
    });
    expect(await itemsOf(userId)).toMatchObject([tombstone(known.id, 2), tombstone(unknown.id, 7)]);
  });

  it('each entity comes once, in the order of the last changes', async () => {
    const userId = newId();
    const photos = [1, 2, 3, 4].map(() => photoRecord(userId));
    for (const photo of photos) await feed.deliver(photoChanged(photo));
    const [first, ...rest] = photos.map(({ id }) => id);
    await feed.deliver(photoChanged(photoRecord(userId, { id: first ?? '', version: 2 })));
    expect(itemIds(await itemsOf(userId))).toEqual([...rest, first]);
  });

  it('users do not see the logs of others', async () => {
    const [anna, bert] = [newId(), newId()];
    const [hers, his] = [photoRecord(anna), photoRecord(bert)];
    await feed.deliver(photoChanged(hers), photoChanged(his), albumChanged(albumRecord(bert), [his.id]));
    expect(itemIds(await itemsOf(anna))).toEqual([hers.id]);
    expect(await itemsOf(newId())).toEqual([]);
  });

  it('nothing is returned without a valid token', async () => {
    for (const token of [undefined, 'nonsense']) {
      const reply = await http(`${feed.url}/feed`, { token });
      expect(reply).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
  });

  it('no event was refused', () => expect(feed.failures).toEqual([]));
});
