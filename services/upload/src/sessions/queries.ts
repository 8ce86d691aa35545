import { outboxRows, statement } from '@lazyphotos/database';
import type { UploadSession } from '../prisma.js';

/** A session as it comes from the database: int8 is a string of `pg`, a bigint of Prisma. */
export type SessionRow = Omit<UploadSession, 'sizeBytes' | 'importEntryId'> & {
  sizeBytes: string | bigint;
  importEntryId: string | bigint | null;
};

/** The columns of a session that is called `s`. */
const SESSION = `s.id, s.user_id AS "userId", s.device_id AS "deviceId", s.hash, s.size_bytes AS "sizeBytes",
  s.mime_type AS "mimeType", s.file_name AS "fileName", s.captured_at AS "capturedAt",
  s.captured_at_source AS "capturedAtSource", s.width, s.height, s.location_lat AS "locationLat",
  s.location_lon AS "locationLon", s.chunk_size AS "chunkSize", s.status, s.open_key AS "openKey",
  s.failure_code AS "failureCode", s.photo_id AS "photoId", s.storage_key AS "storageKey", s.staging_id AS "stagingId",
  s.replaces, s.import_entry_id AS "importEntryId", s.created_at AS "createdAt", s.expires_at AS "expiresAt"`;

/** All columns are null when there is no such row. */
export type AnnouncedRow = { [K in keyof SessionRow]: SessionRow[K] | null } & {
  /** Whether a new session does not fit; null when there is a file or a session. */
  isTooLarge: boolean | null;
  knownPhotoId: string | null;
  knownSessionId: string | null;
  /** Whether the user has as many open sessions as may be. */
  isAtLimit: boolean;
  isPurged: boolean | null;
  indexes: number[];
};

/**
 * Finds what the user has under the hash and the open session for it. Inserts a session when neither is there; when the file was
 * purged, only to restore it ($23), and when $24 says so, although a file is there. Another request may win the insert: then there is
 * neither file nor session. A client opens no more than $25 sessions; requests at the same moment may exceed that by their number. Nor is
 * one opened when its file and what the open sessions have still to send are more than $26 bytes; sessions that expire before $27 do not
 * count for that. A last chunk counts like the others.
 */
export const ANNOUNCE = statement<AnnouncedRow>(
  'announce',
  `WITH known AS (
    SELECT photo_id, session_id, purged_at IS NOT NULL AS is_purged FROM originals
    WHERE user_id = $2::uuid AND hash = $4 AND NOT $22::boolean
    UNION ALL SELECT id, session_id, false FROM archives WHERE user_id = $2::uuid AND hash = $4 AND $22::boolean
  ), usable AS (
    SELECT * FROM upload_sessions WHERE open_key = $15
  ), own AS MATERIALIZED (
    SELECT count(*) >= $25::int AS is_at_limit FROM upload_sessions
    WHERE user_id = $2::uuid AND status = 'open' AND import_entry_id IS NULL
  ), room AS (
    SELECT $26::bigint IS NULL OR $5::bigint + coalesce(sum(greatest(0, o.size_bytes - o.chunk_size::bigint * (
      SELECT count(*) FROM upload_chunks WHERE session_id = o.id
    ))), 0) <= $26::bigint AS fits
    FROM upload_sessions AS o
    WHERE $26::bigint IS NOT NULL AND o.status = 'open' AND o.expires_at >= $27::timestamptz
  ), inserted AS (
    INSERT INTO upload_sessions (id, user_id, device_id, hash, size_bytes, mime_type, file_name, captured_at,
      captured_at_source, width, height, location_lat, location_lon, chunk_size, open_key, photo_id, storage_key,
      import_entry_id, created_at, expires_at, status, staging_id, replaces)
    SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5::bigint, $6, $7, $8::timestamptz, $9, $10::int, $11::int, $12::float8,
      $13::float8, $14::int, $15, $16::uuid, $17, $18::bigint, $19::timestamptz, $20::timestamptz, 'open',
      $21, (SELECT photo_id FROM known)
    WHERE NOT EXISTS (SELECT FROM usable)
      AND NOT EXISTS (SELECT FROM known WHERE NOT (is_purged AND $23::boolean) AND NOT $24::boolean)
      AND ($18::bigint IS NOT NULL OR NOT (SELECT is_at_limit FROM own))
      AND (SELECT fits FROM room)
    ON CONFLICT DO NOTHING RETURNING *
  )
  SELECT ${SESSION}, known.photo_id AS "knownPhotoId", known.session_id AS "knownSessionId",
    known.is_purged AS "isPurged", (SELECT is_at_limit FROM own) AS "isAtLimit",
    CASE WHEN s.id IS NULL THEN (SELECT NOT fits FROM room) END AS "isTooLarge",
    ARRAY(SELECT index FROM upload_chunks WHERE session_id = s.id ORDER BY index) AS indexes
  FROM (VALUES (1)) AS one LEFT JOIN known ON true
    LEFT JOIN (SELECT * FROM usable UNION ALL SELECT * FROM inserted) AS s ON true`,
);

/** Reads a user's session, and whether the chunk at an offset is stored. */
export const READ_FOR_CHUNK = statement<SessionRow & { hasChunk: boolean }>(
  'read-for-chunk',
  `SELECT ${SESSION}, EXISTS (
    SELECT FROM upload_chunks WHERE session_id = s.id AND index = $3::bigint / s.chunk_size
  ) AS "hasChunk" FROM upload_sessions AS s WHERE s.id = $1::uuid AND s.user_id = $2::uuid`,
);

/** Records a stored chunk and gives the session more time. */
export const RECORD_CHUNK = statement<{ index: number }>(
  'record-chunk',
  `WITH touched AS (
    UPDATE upload_sessions SET expires_at = $4::timestamptz WHERE id = $1::uuid AND status = 'open' RETURNING id
  )
  INSERT INTO upload_chunks (session_id, index, etag) SELECT id, $2::int, $3 FROM touched
  ON CONFLICT (session_id, index) DO UPDATE SET etag = excluded.etag RETURNING index`,
);

/** Reads a user's session with its stored chunks, in the order of the file. */
export const READ_FOR_COMPLETION = statement<SessionRow & { indexes: number[]; etags: string[] }>(
  'read-for-completion',
  `SELECT ${SESSION}, chunks.indexes, chunks.etags FROM upload_sessions AS s, LATERAL (
    SELECT coalesce(array_agg(index ORDER BY index), '{}') AS indexes,
      coalesce(array_agg(etag ORDER BY index), '{}') AS etags
    FROM upload_chunks WHERE session_id = s.id
  ) AS chunks WHERE s.id = $1::uuid AND s.user_id = $2::uuid`,
);

/**
 * Completes an open session with its photo and its event. Changes nothing when the session has ended, or when its user has the file
 * already. Fails with a unique violation when another session stores the same file at this moment.
 */
export const COMPLETE_PHOTO = statement<{ id: string }>(
  'complete-photo',
  `WITH completed AS (
    UPDATE upload_sessions AS s SET status = 'completed', open_key = NULL, staging_id = NULL, mime_type = $2
    WHERE s.id = $1::uuid AND s.status = 'open' AND NOT EXISTS (
      SELECT FROM originals AS o WHERE o.user_id = s.user_id AND o.hash = s.hash AND o.purged_at IS NULL
        AND o.photo_id IS DISTINCT FROM s.replaces
    ) RETURNING s.*
  ), cleared AS (
    DELETE FROM upload_chunks USING completed WHERE session_id = completed.id
  ), replaced AS (
    UPDATE originals AS o SET photo_id = completed.photo_id, session_id = completed.id,
      storage_key = completed.storage_key, stored_at = $3::timestamptz, purged_at = NULL
    FROM completed WHERE o.user_id = completed.user_id AND o.hash = completed.hash RETURNING o.photo_id
  ), stored AS (
    INSERT INTO originals (photo_id, user_id, hash, session_id, storage_key, size_bytes, stored_at)
    SELECT photo_id, user_id, hash, id, storage_key, size_bytes, $3::timestamptz FROM completed
    WHERE NOT EXISTS (SELECT FROM replaced)
  ), events AS (${outboxRows('FROM completed, jsonb_array_elements($4::jsonb) AS event')})
  SELECT id FROM completed`,
);

export const toSession = <Row extends SessionRow>({ sizeBytes, importEntryId, ...row }: Row) => ({
  ...row,
  sizeBytes: BigInt(sizeBytes),
  importEntryId: importEntryId === null ? null : BigInt(importEntryId),
});
