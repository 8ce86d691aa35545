import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@lazyphotos/database';
import { createMetrics, silentLogger } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { CatalogMetrics } from '../../src/metrics.js';
import { createPrisma } from '../../src/prisma.js';
import { createSearchFill } from '../../src/search/fill.js';
import { searchWordsOf, type WordsSource } from '../../src/search/vector.js';
import { eventOf, newUpload, readyResult } from '../facts.js';
import { type CatalogNode, startCatalog } from '../harness.js';
import { createFinder, setFacts } from './finder.js';

describeWithPostgres('the words of a photo', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  /** Whether the stored vector is what the stored fields say. */
  const inStep = async (id: string): Promise<boolean> => {
    const { rows } = await node.pool.query(
      `SELECT file_name AS "fileName", description, tags, place, camera_make AS "cameraMake", camera_model AS "cameraModel",
         lens_model AS "lensModel" FROM photos WHERE id = $1`,
      [id],
    );
    const compared = await node.pool.query(
      'SELECT search = $2::tsvector AS same, search_words FROM photos WHERE id = $1',
      [id, searchWordsOf(rows[0] as WordsSource)],
    );
    expect(compared.rows[0].search_words).toBeNull();
    return compared.rows[0].same === true;
  };

  describe('are in step with its fields', () => {
    it('after an upload', async () => {
      const id = await node.user().addPhoto({ fileName: 'Zámek 1.jpg' });
      expect(await inStep(id)).toBe(true);
    });

    it('after each processing, also one that came before the upload', async () => {
      const user = node.user();
      const late = newUpload(user.id);
      const early = newUpload(user.id);
      await node.service.api.recordUpload(late);
      const camera = { cameraMake: 'Canon', cameraModel: 'EOS R5', lensModel: 'RF 50mm' };
      await node.deliver(
        eventOf('media.processed', readyResult(late, camera)),
        eventOf('media.processed', readyResult(early, camera)),
      );
      await node.service.api.recordUpload(early);
      for (const { photoId } of [late, early]) expect(await inStep(photoId)).toBe(true);
      expect((await createFinder(user).ids({ q: 'rf 50mm' })).sort()).toEqual(
        [late.photoId, early.photoId].sort(),
      );
      await node.deliver(eventOf('media.processed', readyResult(late, { run: 2, cameraModel: 'EOS R6' })));
      expect(await inStep(late.photoId)).toBe(true);
      expect(await createFinder(user).ids({ q: 'r6' })).toEqual([late.photoId]);
      expect(await createFinder(user).ids({ q: '"r5"' })).toEqual([early.photoId]);
    });

    it('after the trash and back', async () => {
      const user = node.user();
      const id = await user.addPhoto({ fileName: 'back.jpg' });
      await user.trash(id);
      await user.restore(id);
      expect(await inStep(id)).toBe(true);
    });

    it('because a writer that forgets them takes the photo out of search until they are made again', async () => {
      const user = node.user();
      const id = await user.addPhoto({ fileName: 'before.jpg' });
      await node.pool.query("UPDATE photos SET file_name = 'after.jpg' WHERE id = $1", [id]);
      expect(await createFinder(user).ids({ q: 'before' })).toEqual([]);
      await node.pool.query('UPDATE photos SET favorite = true WHERE id = $1', [id]);
      const { rows } = await node.pool.query('SELECT search FROM photos WHERE id = $1', [id]);
      expect(rows[0].search).toBeNull();
    });

    it.each(['file_name', 'description', 'tags', 'place', 'camera_make', 'camera_model', 'lens_model'])(
      'so a change of %s alone leaves no old vector',
      async (column) => {
        const id = await node.user().addPhoto();
        const value =
          column === 'tags'
            ? "'{new}', tag_keys = '{new}'"
            : column === 'place'
              ? `'{"city": "New"}'`
              : "'new'";
        await node.pool.query(`UPDATE photos SET ${column} = ${value} WHERE id = $1`, [id]);
        const { rows } = await node.pool.query('SELECT search FROM photos WHERE id = $1', [id]);
        expect(rows[0].search).toBeNull();
      },
    );
  });

  it('are stored for any text of any length', async () => {
    const id = await node.user().addPhoto();
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\u0000', ''));
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 5 }), async (description, tags) => {
        const words = searchWordsOf({ fileName: description, description, tags });
        await node.pool.query('UPDATE photos SET search_words = $2 WHERE id = $1', [id, words]);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['many words', Array.from({ length: 50_000 }, (_, index) => `w${index}x`).join(' ')],
    ['one word many times', 'same '.repeat(50_000)],
    ['one long word', 'a'.repeat(500_000)],
    ['one long word of four bytes each', '𝒳'.repeat(50_000)],
    ['a long run', '東京'.repeat(50_000)],
    ['letters that stand for many', '\ufdfa'.repeat(50_000)],
  ])('are bounded: %s', async (_name, text) => {
    const user = node.user();
    const id = await user.addPhoto();
    const tags = Array.from({ length: 2000 }, (_, index) => `${text.slice(0, 100)} ${index}`);
    await setFacts(node.pool, id, {
      description: text,
      tags,
      place: { city: 'Lastplace', region: text },
      camera_model: 'Lastcamera',
    });
    expect(await inStep(id)).toBe(true);
    // No field takes the room of another one.
    expect(await createFinder(user).ids({ q: 'lastplace lastcamera' })).toEqual([id]);
  });
});

describeWithPostgres('photos from before search', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(() => node.stop());

  it('are made searchable in the background, in batches; a stop interrupts it and the next start continues', async () => {
    const user = node.user();
    // Otherwise its own background work could come first.
    await node.stopService();
    await node.pool.query(
      `INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at, updated_at)
       SELECT gen_random_uuid(), $1, repeat('0', 64), 'originals/x', 'Zámek ' || n || '.jpg', 1, 'image/jpeg', now(), now(), now()
       FROM generate_series(1, 1000) AS n`,
      [user.id],
    );
    const database = openDatabase({ url: node.databaseUrl, poolSize: 2, applicationName: 'fill-test' });
    const editor = await node.pool.connect();
    const metrics = new CatalogMetrics(createMetrics());
    const db = createPrisma(database);
    const fill = () => createSearchFill({ db, logger: silentLogger, metrics });
    const unfilled = metrics.searchUnfilled;
    const waiting = async () =>
      (await node.pool.query('SELECT count(*)::int AS count FROM photos WHERE search IS NULL')).rows[0].count;
    try {
      const stopped = fill();
      stopped.start();
      await stopped.stop();
      expect(await waiting()).toBe(1000);
      expect((await unfilled.get()).values[0]?.value).toBe(1000);

      // It does not wait for a photo that is being edited: two that wait for each other would end in a deadlock.
      await editor.query('BEGIN');
      await editor.query('SELECT FROM photos WHERE search IS NULL ORDER BY id DESC LIMIT 1 FOR UPDATE');
      const besides = fill();
      besides.start();
      await eventually(async () => expect(await waiting()).toBe(1));
      await besides.stop();
      await editor.query('COMMIT');

      const finished = fill();
      finished.start();
      await eventually(async () => expect(await waiting()).toBe(0));
      await finished.stop();
      expect((await unfilled.get()).values[0]?.value).toBe(0);
      const next = await startCatalog({ databaseUrl: node.databaseUrl });
      try {
        expect((await createFinder(next.user(user.id)).ids({ q: '"zamek 77"' })).length).toBe(1);
      } finally {
        await next.stop();
      }
    } finally {
      editor.release();
      await db.$disconnect();
      await database.close();
    }
  });
});
