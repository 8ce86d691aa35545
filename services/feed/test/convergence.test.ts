import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AnyEvent } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { photoChanged, photoRecord } from './events.js';
import { createFollower } from './follower.js';
import { createGround, type Feed, type Ground, startFeed } from './harness.js';
import { libraryAfter, steps } from './model.js';

/** When a device looks, in events that the feed has handled since its last look, and how many items it asks for. */
const moments = fc.array(fc.record({ events: fc.nat({ max: 3 }), limit: fc.integer({ min: 1, max: 7 }) }), {
  maxLength: 25,
  size: 'max',
});
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 2 });

/** Numbers from 0 to 1 that a seed decides (Park and Miller's generator). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return state / (2 ** 31 - 1);
  };
}

/** The events in another order, some of them more than once. */
function shuffled(events: AnyEvent[], seed: number): AnyEvent[] {
  const next = randomFrom(seed);
  const copies = events.flatMap((event) => (next() < 0.3 ? [event, event] : [event]));
  return copies
    .map((event) => ({ event, place: next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event);
}

/** So small that most pages end before their limit, and albums come in parts. */
const pageLimits = { bytes: 6000, photoIds: 2 };

describeWithPostgres('devices that follow the feed', () => {
  let ground: Ground;
  let replicas: [Feed, Feed];
  const handled = () => replicas[0].handled() + replicas[1].handled();
  beforeAll(async () => {
    ground = await createGround();
    // One after the other: the first makes the bus' tables.
    replicas = [await startFeed({ ground, pageLimits }), await startFeed({ ground, pageLimits })];
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.stop();
    await ground.drop();
  });

  it('end with the state of the catalog, for every order of events and every time of reading', async () => {
    const [feed] = replicas;
    const property = fc.asyncProperty(steps, moments, seeds, async (history, looks, seed) => {
      const { userId, events, state } = libraryAfter(history);
      const follower = createFollower(feed, userId);
      const published = shuffled(events, seed);
      const before = handled();
      const following = (async () => {
        let wanted = 0;
        for (const { events, limit } of looks) {
          wanted = Math.min(wanted + events, published.length);
          await eventually(() => expect(handled() - before).toBeGreaterThanOrEqual(wanted), {
            intervalMs: 1,
          });
          await follower.page(limit);
        }
      })();
      await feed.publish(...published);
      await feed.settled();
      await following;
      expect(await follower.catchUp()).toEqual(state);
      // A device that starts now ends with the same.
      expect(await createFollower(feed, userId).catchUp(3)).toEqual(state);
    });
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  });

  it('miss nothing while many changes of one user are written at the same time', async () => {
    const [feed, other] = replicas;
    const userId = newId();
    const photos = Array.from({ length: 60 }, () => photoRecord(userId));
    // The versions of a photo side by side, so that two of them are often handled at the same time.
    const changes = photos.flatMap((photo) =>
      [1, 2, 3].map((version) => photoChanged({ ...photo, version })),
    );
    const followers = [createFollower(feed, userId), createFollower(other, userId)];
    let written = false;
    const following = followers.map(async (follower) => {
      while (!written) await follower.page(5);
      return (await follower.catchUp()).photos;
    });
    await feed.publish(...changes);
    await feed.settled();
    written = true;
    const expected = new Map(photos.map(({ id }) => [id, 3]));
    for (const seen of await Promise.all(following)) expect(seen).toEqual(expected);
  });

  it('no event was refused', () => {
    for (const { failures } of replicas) expect(failures).toEqual([]);
  });
});
