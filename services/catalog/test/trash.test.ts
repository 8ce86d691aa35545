import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '@lazyphotos/database';
import { newId } from '@lazyphotos/service-kit';
import { createTestDatabase, describeWithPostgres, eventually, waitForLocks } from '@lazyphotos/testkit';
import { migrationsPath } from '../src/index.js';
import { type CatalogNode, DAY_MS, startCatalog } from './harness.js';
import type { User } from './user.js';

/** Puts photos into a user's trash that came there some days ago. */
const fillTrash = (node: CatalogNode, userId: string, count: number, days = 1) =>
  node.pool.query(
    `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at,
       updated_at, is_deleted, deleted_at)
     SELECT gen_random_uuid(), $1, repeat('0', 64), 'originals/x', 'x.jpg', 10, 'image/jpeg', now(), now(), now(), true,
       now() - $3 * interval '1 day' FROM generate_series(1, $2)`,
    [userId, count, days],
  );
const isEmptied = (user: User, left = 0) =>
  eventually(async () => {
    expect((await user.trashState()).body).toMatchObject({ count: left, emptying: false });
  });

/** While `work` runs, the database refuses every change of this photo. */
async function refusing(node: CatalogNode, id: string | undefined, work: () => Promise<void>): Promise<void> {
  await node.pool.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON photos FOR EACH ROW WHEN (OLD.id = '${id}') EXECUTE FUNCTION refuse()`);
  try {
    await work();
  } finally {
    await node.pool.query('DROP FUNCTION refuse CASCADE');
  }
}

describeWithPostgres('the trash', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  describe('takes photos in batches', () => {
    it('with a result for each, in their order', async () => {
      const user = node.user();
      const [one = '', two = ''] = await user.addPhotos(2);
      const stranger = node.user();
      const foreign = await stranger.addPhoto();
      const trashedElsewhere = await stranger.addPhoto();
      await stranger.trash(trashedElsewhere);
      const untouched = await node.eventsOf(stranger.id);
      const asked = [two, foreign, one, newId(), two, trashedElsewhere];
      const expected = ['ok', 'not_found', 'ok', 'not_found', 'ok', 'not_found'].map((status, index) => ({
        id: asked[index],
        status,
      }));
      for (const work of [user.deleteAll, user.restoreAll, user.deleteAll]) {
        for (let repeat = 0; repeat < 2; repeat += 1) {
          const { status, body } = await work(asked);
          expect([status, body.results]).toEqual([200, expected]);
        }
      }
      expect((await user.listedIds('?trashed=true')).sort()).toEqual([one, two].sort());
      const types = (await node.eventsOf(user.id)).map(({ type }) => type);
      expect(types.filter((type) => type === 'photo.trashed')).toHaveLength(4);
      expect(await user.deleteAll(asked, { permanent: true })).toMatchObject({ body: { results: expected } });
      expect((await user.trashState()).body).toMatchObject({ count: 0 });
      expect((await user.deleteAll([one], { permanent: true })).body.results).toEqual([
        { id: one, status: 'not_found' },
      ]);
      expect(await node.eventsOf(stranger.id)).toEqual(untouched);
      expect(await stranger.listedIds()).toEqual([foreign]);
      expect(await stranger.listedIds('?trashed=true')).toEqual([trashedElsewhere]);
    });

    it('with a number of statements that depends neither on that of the photos nor on their albums', async () => {
      const user = node.user();
      const ids = await user.addPhotos(24);
      const [first = ''] = ids;
      await user.addItems(await user.addAlbum('first'), [first]);
      // Albums that lose different numbers of photos.
      for (let n = 2; n <= 5; n += 1) await user.addItems(await user.addAlbum(`${n}`), ids.slice(1, n + 3));
      const count = async (work: () => Promise<unknown>) => (await node.statements.during(work)).length;
      for (const work of [
        user.deleteAll,
        user.restoreAll,
        (some: string[]) => user.deleteAll(some, { permanent: true }),
      ]) {
        const one = await count(() => work([first]));
        expect(await count(() => work(ids.slice(1)))).toBe(one);
      }
    });

    it('in transactions of 50 photos, and of less that are in many albums with many tags', async () => {
      const user = node.user();
      const ids = await user.addPhotos(101);
      const transactions = async (work: () => Promise<unknown>) =>
        (await node.statements.during(work)).filter(({ text }) => /FROM photos .* FOR UPDATE/s.test(text))
          .length;
      const asked = [...ids, newId()];
      const results = asked.map((id, index) => ({ id, status: index < 101 ? 'ok' : 'not_found' }));
      const expectResults = (work: () => Promise<{ body: unknown }>) => async () =>
        expect((await work()).body).toEqual({ results });
      expect(await transactions(expectResults(() => user.deleteAll(asked)))).toBe(3);
      expect(await transactions(expectResults(() => user.restoreAll(asked)))).toBe(3);

      const heavy = ids.slice(0, 8);
      for (let n = 0; n < 39; n += 1) await user.addItems(await user.addAlbum(), heavy);
      const addTags = Array.from({ length: 99 }, (_, index) => `tag ${index}`);
      // Each writes 40 * 100 rows: one in a transaction.
      const edit = () => user.editAll(heavy.map((id) => ({ id, addTags })));
      expect(await transactions(edit)).toBe(8);
      const favorite = () => user.editAll(heavy.map((id) => ({ id, favorite: true })));
      expect(await transactions(favorite)).toBe(8);
      expect(await transactions(() => user.deleteAll(heavy))).toBe(8);
      expect(await transactions(() => user.restoreAll(heavy))).toBe(8);
      expect(await transactions(() => user.deleteAll(heavy, { permanent: true }))).toBe(8);
    });

    it('and keeps what was done when a later transaction fails', async () => {
      const user = node.user();
      const ids = await user.addPhotos(60);
      await refusing(node, ids.at(-1), async () => {
        expect((await user.deleteAll(ids)).status).toBe(500);
        expect((await user.trashState()).body.count).toBe(50);
      });
      const { body } = await user.deleteAll(ids);
      expect(body.results).toEqual(ids.map((id) => ({ id, status: 'ok' })));
      expect((await user.trashState()).body.count).toBe(60);
    });

    it('of 500 at most', async () => {
      const user = node.user();
      const ids = (length: number) => Array.from({ length }, () => newId());
      for (const work of [user.deleteAll, user.restoreAll]) {
        expect((await work(ids(500))).status).toBe(200);
        for (const odd of [ids(501), [], ['x']]) expect((await work(odd)).status).toBe(400);
      }
    });
  });

  it('says how much is in it and what holds for it', async () => {
    const user = node.user();
    const [one = '', two = ''] = await user.addPhotos(2, (index) => ({ sizeBytes: 2 ** 40 + index }));
    await user.deleteAll([one, two]);
    const body = { count: 2, bytes: 2 ** 41 + 1, retentionDays: 30, defaultDays: 30, emptying: false };
    expect((await user.trashState()).body).toEqual(body);
    expect((await node.user().trashState()).body).toEqual({ ...body, count: 0, bytes: 0 });
  });

  describe('keeps photos for as long as its owner says', () => {
    it('and shows on each when it is removed', async () => {
      const user = node.user();
      const id = await user.addPhoto();
      expect((await user.photo(id)).body).not.toHaveProperty('purgeAt');
      await user.trash(id);
      const purgeAfter = async (days: number) => {
        const { body } = await user.photo(id);
        expect(Date.parse(body.purgeAt) - Date.parse(body.deletedAt)).toBe(days * DAY_MS);
        expect((await user.list('?trashed=true')).body.photos[0].purgeAt).toBe(body.purgeAt);
      };
      await purgeAfter(30);
      const { status, body } = await user.setTrashDays(90);
      expect([status, body.retentionDays, body.defaultDays]).toEqual([200, 90, 30]);
      await purgeAfter(90);
      expect((await user.setTrashDays(null)).body.retentionDays).toBe(30);
      await purgeAfter(30);
      for (const odd of [-1, 1.5, 36_501, '7']) {
        expect((await user.setTrashDays(odd as number)).status).toBe(400);
      }
      expect((await user.restore(id)).body).not.toHaveProperty('purgeAt');
    });

    it('also when others keep theirs for longer or for less', async () => {
      const [usual, late, early] = [node.user(), node.user(), node.user()];
      await late.setTrashDays(60);
      await early.setTrashDays(5);
      for (const user of [usual, late, early]) {
        for (const days of [4, 10, 40, 70]) await fillTrash(node, user.id, 150, days);
      }
      expect(await node.service.purgeTrash()).toBe(150 * (2 + 1 + 3));
      const left = async (user: User) => (await user.trashState()).body.count / 150;
      expect([await left(usual), await left(late), await left(early)]).toEqual([2, 3, 1]);
      expect(await node.metric('lazyphotos_photos_purged_total')).toMatch(/reason="expired"\} 900/);
    });
  });

  it('is purged for every user but those for whom it fails', async () => {
    const users = [node.user(), node.user(), node.user()];
    // The one in the middle comes before the last one in every order of work.
    const [, broken] = users;
    for (const [index, user] of users.entries()) await fillTrash(node, user.id, 60, 400 - index);
    const { rows } = await node.pool.query('SELECT id FROM photos WHERE user_id = $1 LIMIT 1', [broken?.id]);
    const counts = () =>
      Promise.all(users.map(async (user) => (await user.trashState()).body.count as number));
    await refusing(node, rows[0].id, async () => {
      await node.service.purgeTrash();
      const [first, left, last] = await counts();
      expect([first, last]).toEqual([0, 0]);
      expect(left).toBeGreaterThan(0);
    });
    expect(await node.service.purgeTrash()).toBeGreaterThan(0);
    expect(await counts()).toEqual([0, 0, 0]);
  });

  describe('is emptied on request', () => {
    it('for every user but those for whom it fails', async () => {
      const [broken, user] = [node.user(), node.user()];
      const id = await broken.addPhoto();
      await broken.trash(id);
      await fillTrash(node, user.id, 60);
      await refusing(node, id, async () => {
        await broken.emptyTrash();
        await user.emptyTrash();
        await isEmptied(user);
        expect((await broken.trashState()).body).toMatchObject({ count: 1, emptying: true });
      });
      await broken.emptyTrash();
      await isEmptied(broken);
    });

    it('in as many rounds as it takes, of what was in it then', async () => {
      const [user, other] = [node.user(), node.user()];
      const active = await user.addPhoto();
      for (const { id } of [user, other]) await fillTrash(node, id, 450);
      const { status, body } = await user.emptyTrash();
      expect([status, body]).toMatchObject([202, { count: 450, bytes: 4500, emptying: true }]);
      await isEmptied(user);
      const purged = (await node.eventsOf(user.id)).filter(({ type }) => type === 'photo.purged');
      expect(purged).toHaveLength(450);
      expect((await other.trashState()).body.count).toBe(450);
      expect((await user.photo(active)).status).toBe(200);
    });

    it('without what was restored meanwhile, or came into it later', async () => {
      const user = node.user();
      const [first = '', restored = '', later = ''] = await user.addPhotos(3);
      await user.deleteAll([first, restored]);
      const client = await node.pool.connect();
      await client.query('BEGIN');
      // Holds the purge up before its first lock.
      await client.query('SELECT FROM photos WHERE user_id = $1 FOR UPDATE', [user.id]);
      await user.emptyTrash();
      await waitForLocks(node.pool, 1);
      await client.query('UPDATE photos SET is_deleted = false, deleted_at = NULL WHERE id = $1', [restored]);
      await client.query('UPDATE photos SET is_deleted = true, deleted_at = $2 WHERE id = $1', [
        later,
        new Date(Date.now() + 60_000),
      ]);
      await client.query('COMMIT');
      client.release();
      await isEmptied(user, 1);
      expect((await user.photo(first)).status).toBe(404);
      expect((await user.photo(restored)).status).toBe(200);
      expect((await user.photo(later)).body.isDeleted).toBe(true);
    });
  });
});

describeWithPostgres('an emptying that is interrupted', () => {
  it('continues where it was when the service starts again', async () => {
    const database = await createTestDatabase('catalog');
    await migrate(database.url, migrationsPath);
    const first = await startCatalog({ databaseUrl: database.url });
    const user = first.user();
    await fillTrash(first, user.id, 450);
    const client = await first.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM photos WHERE user_id = $1 FOR UPDATE', [user.id]);
    await user.emptyTrash();
    await waitForLocks(first.pool, 1);
    // The connection of the purge breaks, as it does when the process is killed.
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    await client.query('COMMIT');
    client.release();
    await first.stop();

    const second = await startCatalog({ databaseUrl: database.url });
    await isEmptied(second.user(user.id));
    const { rows } = await second.pool.query('SELECT count(*)::int AS count FROM purged_photos');
    expect(rows[0].count).toBe(450);
    await second.stop();
    await database.drop();
  });

  it('stops between two rounds when the service stops, and forgets nothing', async () => {
    const database = await createTestDatabase('catalog');
    await migrate(database.url, migrationsPath);
    const first = await startCatalog({ databaseUrl: database.url });
    const user = first.user();
    await fillTrash(first, user.id, 450);
    const client = await first.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM photos WHERE user_id = $1 FOR UPDATE', [user.id]);
    await user.emptyTrash();
    await waitForLocks(first.pool, 1);
    const stopped = first.stopService();
    await client.query('COMMIT');
    client.release();
    await stopped;
    const { rows } = await first.pool.query('SELECT count(*)::int AS left FROM photos');
    expect(rows[0].left).toBe(400);
    await first.stop();

    const second = await startCatalog({ databaseUrl: database.url });
    await isEmptied(second.user(user.id));
    await second.stop();
    await database.drop();
  });
});
