import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { MAX_ALBUM_CHANGES } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { photoChange, recordAlbums, recordChanges } from '../src/log.js';
import type { AlbumChange } from '../src/queries.js';
import { albumChanged, albumDeleted, albumRecord, photoRecord } from './events.js';
import { createFollower } from './follower.js';
import { type Feed, startFeed } from './harness.js';

/** Of the changes, as JSON, that one statement is given, unless a single one is larger. */
const LARGEST_STATEMENT = 1_000_000;
/** How many photos the changed albums of one statement name, unless a single event names more. */
const MOST_ITEMS = 5000;

describeWithPostgres('events that come together', () => {
  let feed: Feed;
  beforeAll(async () => {
    feed = await startFeed();
  });
  afterAll(() => feed.stop());

  /** Holds the log of a user against writers, until `release`; resolves when a writer waits for it. */
  const holdLog = async (userId: string) => {
    const client = await feed.pool.connect();
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO feed_heads (user_id, last_seq) VALUES ($1, 1) ON CONFLICT (user_id) DO UPDATE SET last_seq = 1`,
      [userId],
    );
    return {
      writerWaits: () =>
        eventually(async () => {
          // Not in the transaction, which would see the same activity again.
          const { rows } = await feed.pool.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          expect(rows.length).toBeGreaterThan(0);
        }),
      release: async () => {
        await client.query('COMMIT');
        client.release();
      },
    };
  };

  it('changes of albums that wait are appended by one statement, each album once and with all its photos', async () => {
    const userId = newId();
    const first = albumRecord(userId);
    const log = await holdLog(userId);
    await feed.publish(albumChanged(first));
    await log.writerWaits();
    const albums = Array.from({ length: 5 }, () => albumRecord(userId));
    const photoIds = Array.from({ length: 4 }, () => newId()).sort();
    const events = albums.flatMap((album) =>
      photoIds.map((photoId, index) =>
        albumChanged({ ...album, version: index + 1, itemCount: index + 1 }, [photoId]),
      ),
    );
    await feed.publish(...events);
    await log.release();
    await feed.settled();
    const { items } = (await feed.get(userId)).body;
    expect(items).toHaveLength(6);
    expect(items.map((item: { data: { photoIds: string[] } }) => item.data.photoIds)).toEqual([
      [],
      ...albums.map(() => photoIds),
    ]);
    // A number for each album, and none for each event: they were appended together.
    const { rows } = await feed.pool.query('SELECT last_seq::int AS seq FROM feed_heads WHERE user_id = $1', [
      userId,
    ]);
    expect(rows).toEqual([{ seq: 1 + 1 + albums.length }]);
  });

  /** Resolves to the changes that each statement is given while `work` runs. */
  const givenToStatements = async (work: () => Promise<unknown>): Promise<AlbumChange[][]> => {
    const queries = jest.spyOn(feed.pool, 'query');
    try {
      await work();
      const calls: unknown[][] = queries.mock.calls;
      return calls.map(([statement]) => JSON.parse((statement as { values: [string] }).values[0]));
    } finally {
      queries.mockRestore();
    }
  };

  // The bus keeps no order, so the batches are handed over without it.
  it('changes that are too large for one statement are all appended, in their order', async () => {
    const userId = newId();
    const photos = Array.from({ length: 40 }, (_, index) =>
      photoRecord(userId, { description: 'x'.repeat(index === 20 ? LARGEST_STATEMENT + 1 : 60_000) }),
    );
    const given = await givenToStatements(() =>
      recordChanges(
        feed.database,
        photos.map((photo) => photoChange({ photo })),
      ),
    );
    const log = await createFollower(feed, userId).catchUp();
    expect([...log.photos.keys()]).toEqual(photos.map(({ id }) => id));
    expect(given.map((changes) => changes.length)).toEqual([16, 4, 1, 16, 3]);
  });

  it('changes of albums that name too many photos for one statement are all appended, in their order', async () => {
    const userId = newId();
    const [before, large, after] = [albumRecord(userId), albumRecord(userId), albumRecord(userId)];
    const parts = Array.from({ length: 7 }, () => Array.from({ length: MAX_ALBUM_CHANGES }, () => newId()));
    const changes = parts.map((added, index) => ({
      album: { ...large, version: index + 1, itemCount: (index + 1) * MAX_ALBUM_CHANGES },
      added,
      removed: [],
    }));
    const given = await givenToStatements(() =>
      recordAlbums(feed.database, [
        { album: before, added: [], removed: [] },
        ...changes,
        { album: after, added: [], removed: [] },
      ]),
    );
    const log = await createFollower(feed, userId).catchUp();
    expect([...log.albums.keys()]).toEqual([before, large, after].map(({ id }) => id));
    expect(log.albums.get(large.id)?.version).toBe(parts.length);
    expect(log.albums.get(large.id)?.photoIds.toSorted()).toEqual(parts.flat().sort());
    expect(given.map((albums) => albums.flatMap(({ items }) => items).length)).toEqual([MOST_ITEMS, 2000]);
  });

  it('a deletion that commits while older changes wait for the log wins', async () => {
    const userId = newId();
    const album = albumRecord(userId);
    await feed.deliver(albumChanged(album));
    const log = await holdLog(userId);
    await feed.publish(albumChanged({ ...album, version: 2 }, [newId()]));
    await log.writerWaits();
    // As another replica does, which has the log.
    await feed.pool
      .query(`UPDATE feed_entries SET deleted = true, version = 3 WHERE user_id = $1`, [userId])
      .then(() => log.release());
    await feed.settled();
    const { rows } = await feed.pool.query('SELECT deleted, version FROM feed_entries WHERE user_id = $1', [
      userId,
    ]);
    expect(rows).toEqual([{ deleted: true, version: 3 }]);
  });

  it('deletions of albums that come together are all recorded', async () => {
    const userId = newId();
    const albums = Array.from({ length: 6 }, () => albumRecord(userId));
    await feed.deliver(...albums.map((album) => albumChanged(album, [newId()])));
    await feed.deliver(...albums.map((album) => albumDeleted(album, 2)));
    const { items } = (await feed.get(userId)).body;
    expect(items.map((item: { data: { id: string } }) => item.data.id).sort()).toEqual(
      albums.map(({ id }) => id).sort(),
    );
    for (const item of items) expect(item).toMatchObject({ type: 'tombstone', data: { permanent: true } });
    const { rows } = await feed.pool.query('SELECT FROM feed_album_items WHERE album_id = ANY($1)', [
      albums.map(({ id }) => id),
    ]);
    expect(rows).toEqual([]);
  });

  it('no event was refused', () => expect(feed.failures).toEqual([]));
});
