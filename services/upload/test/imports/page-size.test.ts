import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MAX_PAGE_BYTES } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';

describeWithPostgres('a list of imports', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('is limited in bytes, however long the paths of the files are that failed', async () => {
    const user = node.user();
    await node.pool.query(
      `WITH jobs AS (
        INSERT INTO imports (id, user_id, source, status, restore, failed, created_at, started_at, finished_at, worked_at)
        SELECT gen_random_uuid(), $1, 'folder', 'completed', false, 150, now(), now(), now(), now() FROM generate_series(1, 12)
        RETURNING id
      ), parts AS (
        INSERT INTO import_parts (id, import_id, position, name, size_bytes, state)
        SELECT gen_random_uuid(), id, 0, 'photos.zip', 1, 'listed' FROM jobs RETURNING id, import_id
      )
      INSERT INTO import_entries (import_id, part_id, number, path, folder, name, role, size_bytes, compressed_bytes, header_offset, crc32,
        method, outcome, code, message)
      SELECT import_id, id, number, repeat('ü', 1000) || number, '', '', 'media', 1, 1, 1, 1, 0, 'failed', 'unreadable', 'It cannot be read.'
      FROM parts, generate_series(1, 150) AS number`,
      [user.id],
    );
    const ids: string[] = [];
    let pages = 0;
    for (let cursor = '', hasMore = true; hasMore; pages += 1) {
      const { text, body } = await user.call(`/imports?limit=500${cursor && `&cursor=${cursor}`}`);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
      for (const { id, errors } of body.imports) {
        expect(errors).toHaveLength(100);
        ids.push(id);
      }
      ({ cursor, hasMore } = body);
    }
    expect(new Set(ids).size).toBe(12);
    expect(ids).toHaveLength(12);
    expect(pages).toBeGreaterThan(1);
  });
});
