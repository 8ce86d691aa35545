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

describeWithPostgres('an event that no service publishes', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(async () => {
    expect(feed.failures).toEqual([]);
    await feed.stop();
  });

  const page = async (userId: string) => (await feed.get(userId)).body;

  it('puts no photo of another user into a log, and takes none out', async () => {
    const [owner, thief] = [newId(), newId()];
    const photo = photoRecord(owner);
    await feed.deliver(photoChanged(photo));
    const before = await page(owner);
    const stolen = { ...photo, userId: thief, version: 9 };
    const own = photoRecord(thief);
    await feed.deliver(
      photoChanged(stolen),
      photoTrashed(stolen, 10),
      photoPurged(stolen, 11),
      photoChanged(own),
    );
    expect((await page(thief)).items).toMatchObject([{ data: { id: own.id } }]);
    expect(await page(owner)).toEqual(before);
  });

  it('changes and deletes no album of another user, nor which photos are in it', async () => {
    const [owner, thief] = [newId(), newId()];
    const [one, two] = [newId(), newId()];
    const album = albumRecord(owner, { itemCount: 2 });
    await feed.deliver(albumChanged(album, [one, two]));
    const before = await page(owner);
    const stolen = { ...album, userId: thief };
    await feed.deliver(albumChanged({ ...stolen, version: 8 }, [newId()], [one]));
    await feed.deliver(albumDeleted(stolen, 9));
    expect((await page(thief)).items).toEqual([]);
    expect(await page(owner)).toEqual(before);
    await feed.deliver(albumChanged({ ...album, version: 2, itemCount: 1 }, [], [two]));
    expect((await page(owner)).items).toMatchObject([{ data: { version: 2, photoIds: [one] } }]);
  });
});
