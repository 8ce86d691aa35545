// The photos and the feed that `npm run bench reads` reads, written into the services' databases.
import { readFile } from 'node:fs/promises';

/** Replaces what the catalog has by so many photos of one user, two albums among them; see the file for what they are like. */
export async function fillLibrary(pool, settings) {
  const sql = await readFile(new URL('../../services/catalog/test/library.sql', import.meta.url), 'utf8');
  const client = await pool.connect();
  try {
    await client.query('TRUNCATE photos, albums CASCADE');
    for (const [name, value] of Object.entries(settings))
      await client.query('SELECT set_config($1, $2, false)', [`library.${name}`, String(value)]);
    await client.query(sql);
  } finally {
    client.release(true);
  }
  await pool.query('VACUUM ANALYZE photos, photo_tags, album_items');
}

/** As the catalog publishes a photo. */
const record = (user) => ({
  userId: user,
  storageKey: `originals/${user}/2024/${'0'.repeat(36)}.jpg`,
  hash: '0'.repeat(64),
  fileName: 'IMG_20240101_120000.jpg',
  sizeBytes: 4_000_000,
  mimeType: 'image/jpeg',
  capturedAt: '2024-01-01T12:00:00.000Z',
  capturedAtSource: 'exifOriginal',
  uploadedAt: '2024-01-02T12:00:00.000Z',
  updatedAt: '2024-01-02T12:00:00.000Z',
  width: 4032,
  height: 3024,
  locationLat: 52.5,
  locationLon: 13.4,
  cameraMake: 'Apple',
  cameraModel: 'iPhone 15 Pro',
  tags: [],
  favorite: false,
  archived: false,
  kind: 'photo',
  isDeleted: false,
  processing: 'ready',
  placeholder: 'A'.repeat(28),
  version: 2,
});

export async function fillFeed(pool, user, entries) {
  await pool.query('TRUNCATE feed_entries, feed_heads');
  await pool.query(
    `INSERT INTO feed_entries (user_id, entity, entity_id, seq, version, deleted, data, updated_at)
     SELECT $1::uuid, 'photo', id, n, 2, false, $2::jsonb || jsonb_build_object('id', id), now() FROM generate_series(1, $3::int) AS n
     CROSS JOIN LATERAL (SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id) AS named`,
    [user, JSON.stringify(record(user)), entries],
  );
  await pool.query('INSERT INTO feed_heads (user_id, last_seq) VALUES ($1, $2)', [user, entries]);
  await pool.query('VACUUM ANALYZE feed_entries');
}

/** Bytes of all tables of a database with their indexes. */
export async function tableBytes(pool) {
  const { rows } = await pool.query(
    "SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  return rows[0].bytes;
}
