import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import {
  albumChanged,
  albumDeleted,
  albumRecord,
  photoChanged,
  photoPurged,
  photoRecord,
  photoTrashed,
} from './events.js';
import { type Feed, startFeed } from './harness.js';

describeWithPostgres('events that come late or again', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(() => feed.stop());

  const stateOf = async (userId: string) => (await feed.get(userId)).body;

  it('a repeated event changes nothing, not even the cursor', async () => {
    const userId = newId();
    const photo = photoRecord(userId);
    const album = albumRecord(userId);
    const gone = albumRecord(userId);
    const events = [photoChanged(photo), albumChanged(album, [photo.id]), albumDeleted(gone, 2)];
    await feed.deliver(...events);
    const before = await stateOf(userId);
    await feed.deliver(...events, ...events);
    expect(await stateOf(userId)).toEqual(before);
  });

  it('an older state of a photo, and another one of the same version, are dropped', async () => {
    const userId = newId();
    const id = newId();
    const version = (number: number, fileName: string) =>
      photoChanged(photoRecord(userId, { id, version: number, fileName }));
    await feed.deliver(version(3, 'three.jpg'));
    const before = await stateOf(userId);
    await feed.deliver(version(2, 'two.jpg'));
    await feed.deliver(version(3, 'other.jpg'));
    await feed.deliver(photoTrashed(photoRecord(userId, { id }), 1));
    expect(await stateOf(userId)).toEqual(before);
    expect(before.items).toMatchObject([{ data: { fileName: 'three.jpg' } }]);
  });

  it('a purge that overtakes what came before it wins', async () => {
    const userId = newId();
    const photo = photoRecord(userId);
    await feed.deliver(photoPurged(photo, 3));
    await feed.deliver(photoTrashed(photo, 2));
    await feed.deliver(photoChanged(photo));
    expect((await stateOf(userId)).items).toMatchObject([
      { type: 'tombstone', data: { id: photo.id, permanent: true } },
    ]);
  });

  it("an album's older event still says who came, and moves the entry to the end", async () => {
    const userId = newId();
    const [one, two] = [newId(), newId()];
    const album = albumRecord(userId);
    await feed.deliver(albumChanged({ ...album, version: 3, name: 'New', itemCount: 2 }, [two]));
    const { cursor } = await stateOf(userId);
    await feed.deliver(albumChanged({ ...album, version: 2, name: 'Old', itemCount: 1 }, [one]));
    const reply = await feed.get(userId, `?cursor=${cursor}`);
    expect(reply.body.items).toMatchObject([{ data: { name: 'New', version: 3 } }]);
    expect(reply.body.items[0].data.photoIds.sort()).toEqual([one, two].sort());
  });

  it('the newest state of an album and a photo stays, after any older events', async () => {
    const userId = newId();
    const photoId = newId();
    const album = albumRecord(userId);
    await feed.deliver(albumChanged({ ...album, version: 4 }, [], [photoId]));
    await feed.deliver(albumChanged({ ...album, version: 3 }, [photoId]));
    await feed.deliver(albumChanged({ ...album, version: 2 }, [], [photoId]));
    expect((await stateOf(userId)).items).toMatchObject([{ data: { version: 4, photoIds: [] } }]);
  });

  it('an album is in its manual order, by the newest position of each photo in any event', async () => {
    const userId = newId();
    const [one, two, three] = [newId(), newId(), newId()].sort() as [string, string, string];
    const album = albumRecord(userId, { order: 'manual' });
    // The newest event comes first, and the oldest, which puts them into the album, last.
    await feed.deliver(albumChanged({ ...album, version: 4 }, [], [], { [three]: 'Zz' }));
    await feed.deliver(albumChanged({ ...album, version: 3 }, [], [], { [three]: 'a9', [one]: 'a5' }));
    expect((await stateOf(userId)).items).toMatchObject([{ data: { order: 'manual', photoIds: [] } }]);
    await feed.deliver(
      albumChanged({ ...album, version: 2 }, [one, two, three], [], {
        [one]: 'a0',
        [two]: 'a1',
        [three]: 'a2',
      }),
    );
    const { items, cursor } = await stateOf(userId);
    expect(items).toMatchObject([{ data: { version: 4, photoIds: [three, two, one] } }]);
    // One that leaves and comes back without a place keeps its old one.
    await feed.deliver(albumChanged({ ...album, version: 5 }, [], [two]));
    await feed.deliver(albumChanged({ ...album, version: 6 }, [two]));
    const later = (await feed.get(userId, `?cursor=${cursor}`)).body.items;
    expect(later).toMatchObject([{ data: { version: 6, photoIds: [three, two, one] } }]);
  });

  it('events of several albums and users that come together end as they would one by one', async () => {
    const [anna, bert] = [newId(), newId()];
    const [one, two] = [newId(), newId()];
    const [hers, other, his] = [albumRecord(anna), albumRecord(anna), albumRecord(bert)];
    await feed.deliver(
      albumChanged(hers, [one]),
      albumChanged({ ...hers, version: 3, name: 'Three', itemCount: 1 }, [two], [one]),
      albumChanged(his, [one, two], [], { [one]: 'b', [two]: 'a' }),
      albumChanged({ ...hers, version: 2, name: 'Two', itemCount: 2 }, [one, two]),
      albumChanged(other, [two]),
      albumDeleted(other, 2),
      albumChanged({ ...his, version: 2, order: 'manual' }, [], [], { [one]: 'Z' }),
    );
    const { items } = await stateOf(anna);
    expect(items).toHaveLength(2);
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          data: expect.objectContaining({ name: 'Three', version: 3, photoIds: [two] }),
        }),
        expect.objectContaining({ type: 'tombstone', data: expect.objectContaining({ id: other.id }) }),
      ]),
    );
    expect((await stateOf(bert)).items).toMatchObject([{ data: { version: 2, photoIds: [one, two] } }]);
  });

  it('an album of an older release, without order and places, is one by date', async () => {
    const userId = newId();
    const photoIds = [newId(), newId()].sort();
    const { order: _none, ...album } = albumRecord(userId);
    const old = albumChanged(albumRecord(userId));
    const payload = { album, added: photoIds, removed: [] };
    await feed.publish({ ...old, payload } as unknown as typeof old);
    await feed.settled();
    expect((await stateOf(userId)).items).toMatchObject([{ data: { order: 'date', photoIds } }]);
  });

  it('a photo that an event names twice is in the album once', async () => {
    const userId = newId();
    const photoId = newId();
    await feed.deliver(albumChanged(albumRecord(userId), [photoId, photoId]));
    expect((await stateOf(userId)).items).toMatchObject([{ data: { photoIds: [photoId] } }]);
  });

  it('a deleted album stays deleted after any other events', async () => {
    const userId = newId();
    const album = albumRecord(userId);
    await feed.deliver(albumDeleted(album, 3));
    const before = await stateOf(userId);
    await feed.deliver(albumChanged({ ...album, version: 2 }, [newId()]), albumChanged(album));
    expect(await stateOf(userId)).toEqual(before);
  });

  it('no event was refused', () => expect(feed.failures).toEqual([]));
});
