import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { albumChanged, albumDeleted, albumRecord } from './events.js';
import { type Feed, startFeed } from './harness.js';

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
