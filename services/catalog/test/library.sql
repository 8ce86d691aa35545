-- A library of one user, as large as asked for; the test of the plans and `npm run bench reads` read it. The settings
-- library.user, library.big, library.small (uuids: the user, two albums) and library.photos (a number) are set before.

SET maintenance_work_mem = '256MB';
CREATE FUNCTION pg_temp.photo_id(n BIGINT) RETURNS UUID LANGUAGE sql IMMUTABLE AS
$$ SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

-- Indexes are built in one go behind the rows, which takes a fraction of the time.
CREATE TEMP TABLE rebuilt AS
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('photos', 'photo_tags', 'album_items') AND indexname NOT LIKE '%pkey';
DO $$
DECLARE name TEXT;
BEGIN
  FOR name IN SELECT indexname FROM rebuilt LOOP EXECUTE format('DROP INDEX %I', name); END LOOP;
END $$;

INSERT INTO albums (id, user_id, name, created_at, updated_at)
SELECT current_setting(name)::uuid, current_setting('library.user')::uuid, name, now(), now()
FROM (VALUES ('library.big'), ('library.small')) AS album(name);

-- A photo every quarter of an hour: three of a hundred in the trash, a tenth favourites, the older half archived. A tenth has a
-- common tag, every ten-thousandth a rare one.
INSERT INTO photos (id, user_id, hash, storage_key, file_name, size_bytes, mime_type, sort_at, uploaded_at, updated_at,
  is_deleted, favorite, archived, tags, tag_keys, search_words)
SELECT pg_temp.photo_id(n), current_setting('library.user')::uuid, repeat('0', 64), 'x', 'x.jpg', 1, 'image/jpeg', taken,
  taken + interval '5 days', taken, n % 33 = 0, n % 10 = 3, n <= total / 2, tags, tags, ''
FROM (SELECT current_setting('library.photos')::int AS total) AS asked
CROSS JOIN LATERAL generate_series(1, total) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2024-01-01' - (total - n) * interval '15 minutes' AS taken) AS time
CROSS JOIN LATERAL (
  SELECT CASE WHEN n % 10000 = 20 THEN '{common,rare}'::text[] WHEN n % 10 = 0 THEN '{common}' ELSE '{}' END AS tags
) AS tagged;

-- Every twentieth photo is in the big album, a hundred are in the small one.
INSERT INTO album_items (album_id, photo_id, added_at, position)
SELECT current_setting('library.big')::uuid, pg_temp.photo_id(n), now(), 'e' || lpad(to_hex(n), 6, '0') || 'V'
FROM generate_series(20, current_setting('library.photos')::int, 20) AS n;
INSERT INTO album_items (album_id, photo_id, added_at)
SELECT current_setting('library.small')::uuid, pg_temp.photo_id(n), now() FROM generate_series(1, 1000, 10) AS n;

-- The big album is arranged by hand.
UPDATE albums SET item_order = 'manual' WHERE id = current_setting('library.big')::uuid;

DO $$
DECLARE definition TEXT;
BEGIN
  FOR definition IN SELECT indexdef FROM rebuilt LOOP EXECUTE definition; END LOOP;
END $$;
DROP TABLE rebuilt;
