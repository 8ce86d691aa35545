import type { EventPayload } from '@lazyphotos/contracts';
import { outboxRows, statement } from '@lazyphotos/database';
import { columnOf, PHOTO_FIELDS } from '../photos/columns.js';

/** Those of these photos that are recorded, each with a stored result that it does not have yet. */
export const KNOWN_PHOTOS = statement<{ id: string; early: EventPayload<'media.processed'> | null }>(
  'known-photos',
  `SELECT photos.id, early.payload AS early FROM photos
  LEFT JOIN early_media AS early ON early.photo_id = photos.id AND early.run > photos.media_run
    AND early.user_id = photos.user_id
  WHERE photos.id = ANY($1::uuid[])`,
);

const COLUMNS = PHOTO_FIELDS.map(columnOf).join(', ');

/**
 * Inserts photos ($1) with their events ($2: by photo), and clears the results that they contain. Photos that are there, or were purged,
 * are left out; so is one whose newer result is stored: it is returned with that result. A stored result that names another user is cleared. Fails with a serialization failure when one is
 * purged at this moment.
 */
export const INSERT_PHOTOS = statement<{ id: string; early: EventPayload<'media.processed'> | null }>(
  'insert-photos',
  `WITH given AS (
    SELECT * FROM jsonb_populate_recordset(NULL::photos, $1::jsonb) AS photo
    WHERE NOT EXISTS (SELECT FROM photos WHERE id = photo.id) AND NOT EXISTS (SELECT FROM purged_photos WHERE id = photo.id)
  ), waiting AS (
    SELECT given.id, early.payload FROM given
    JOIN early_media AS early ON early.photo_id = given.id AND early.run > given.media_run
      AND early.user_id = given.user_id
  ), inserted AS (
    INSERT INTO photos (${COLUMNS}) SELECT ${COLUMNS} FROM given WHERE id NOT IN (SELECT id FROM waiting) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING id, user_id, media_run
  ), cleared AS (
    DELETE FROM early_media AS early USING inserted WHERE early.photo_id = inserted.id
      AND (early.run <= inserted.media_run OR early.user_id <> inserted.user_id)
  ), events AS (${outboxRows('FROM inserted, LATERAL (SELECT $2::jsonb -> inserted.id::text AS event) AS given_event')})
  SELECT id, NULL::jsonb AS early FROM inserted UNION ALL SELECT id, payload FROM waiting`,
);
