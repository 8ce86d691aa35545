import { statement } from '@lazyphotos/database';

/** A change of an entity, as the parameter of `APPEND` holds it. */
export interface Change {
  userId: string;
  entity: 'photo' | 'album';
  entityId: string;
  version: number;
  deleted: boolean;
  data: object;
  updatedAt: string;
}

/** A change that names an entity of another user. */
export interface Foreign {
  userId: string;
  entityId: string;
}

/** Who owns what is told by events alone: an entity belongs to the user in whose log it is, and does not change hands. */
const FOREIGN = `foreign_changes AS (
    SELECT user_id, entity_id, place FROM changes WHERE EXISTS (
      SELECT FROM feed_entries AS other WHERE other.entity_id = changes.entity_id AND other.user_id <> changes.user_id)
  )`;
const RETURN_FOREIGN = 'SELECT user_id AS "userId", entity_id AS "entityId" FROM foreign_changes';

/**
 * Appends changes, at most one of an entity, unless the log has the same version or a newer one. $1: a JSON array of `Change`, in the order
 * of the log. A change of what is in another user's log is left out, and returned.
 *
 * The heads are locked in the order of their users until the statement commits, so that numbers become visible in the order in which they
 * are given: no reader can pass one that commits later. Versions are compared twice. `newer` reads what was committed before the
 * statement began, so that a repetition takes no number; ON CONFLICT compares with the newest row, under the lock. What is older only
 * there leaves its number unused.
 */
export const APPEND = statement<Foreign>(
  'append',
  `WITH changes AS (
    SELECT * FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS ("userId" uuid, "entity" text, "entityId" uuid, "version" int,
      "deleted" boolean, "data" jsonb, "updatedAt" timestamptz)) WITH ORDINALITY
      AS change (user_id, entity, entity_id, version, deleted, data, updated_at, place)
  ), ${FOREIGN}, newer AS (
    SELECT changes.*, row_number() OVER (PARTITION BY changes.user_id ORDER BY place) AS number
    FROM changes LEFT JOIN feed_entries AS known USING (user_id, entity, entity_id)
    WHERE (known.version IS NULL OR known.version < changes.version) AND place NOT IN (SELECT place FROM foreign_changes)
  ), heads AS (
    INSERT INTO feed_heads AS head (user_id, last_seq)
    SELECT user_id, count(*) FROM newer GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET last_seq = head.last_seq + excluded.last_seq
    RETURNING user_id, last_seq
  ), appended AS (
  INSERT INTO feed_entries AS known (user_id, entity, entity_id, seq, version, deleted, data, updated_at)
  SELECT user_id, entity, entity_id, last_seq - max(number) OVER (PARTITION BY user_id) + number,
    version, deleted, data, updated_at
  FROM newer JOIN heads USING (user_id) ORDER BY user_id, number
  ON CONFLICT (user_id, entity, entity_id) DO UPDATE SET seq = excluded.seq, version = excluded.version,
    deleted = excluded.deleted, data = excluded.data, updated_at = excluded.updated_at
  WHERE known.version < excluded.version
  ) ${RETURN_FOREIGN}`,
);

/** A photo's place in an album as events tell it: its presence as of `version`, its position as of `positionVersion`; 0 if none told it. */
export interface AlbumItem {
  photoId: string;
  version: number;
  present: boolean;
  positionVersion: number;
  position: string | null;
}

/** A changed album with all that the events of a batch say about its photos, as the parameter of `APPEND_ALBUMS` holds it. */
export interface AlbumChange extends Change {
  items: AlbumItem[];
}

/**
 * Appends changed albums, each at most once, and stores what their events say about their photos. $1: a JSON array of `AlbumChange`, in the
 * order of the log.
 *
 * Events may come in any order: an older one may still add photos to the album, so its items are applied even when the album's own newer
 * state is kept, and the entry moves to the end. Of each pair of album and photo the newest presence and the newest position stay. A
 * deleted album stays deleted. A change of an album that is in another user's log is left out, with its items, and returned.
 *
 * Heads are locked and versions compared twice as in `APPEND`. What is neither newer nor brings a newer pair when the statement
 * begins is not so later either: versions only grow.
 */
export const APPEND_ALBUMS = statement<Foreign>(
  'append-albums',
  `WITH changes AS (
    SELECT * FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS ("userId" uuid, "entityId" uuid, "version" int, "data" jsonb,
      "updatedAt" timestamptz, "items" jsonb)) WITH ORDINALITY
      AS change (user_id, entity_id, version, data, updated_at, items, place)
  ), ${FOREIGN}, items AS (
    SELECT changes.entity_id AS album_id, item.* FROM changes, jsonb_to_recordset(changes.items)
      AS item ("photoId" uuid, "version" int, "present" boolean, "positionVersion" int, "position" text)
  ), newer AS (
    SELECT changes.*, row_number() OVER (PARTITION BY changes.user_id ORDER BY place) AS number
    FROM changes LEFT JOIN feed_entries AS known ON known.user_id = changes.user_id AND known.entity = 'album'
      AND known.entity_id = changes.entity_id
    WHERE place NOT IN (SELECT place FROM foreign_changes) AND known.deleted IS NOT TRUE AND (known.version IS NULL OR known.version < changes.version OR EXISTS (
      SELECT FROM items LEFT JOIN feed_album_items AS item ON item.album_id = items.album_id AND item.photo_id = items."photoId"
      WHERE items.album_id = changes.entity_id
        AND (item.version IS NULL OR item.version < items.version OR item.position_version < items."positionVersion")))
  ), heads AS (
    INSERT INTO feed_heads AS head (user_id, last_seq)
    SELECT user_id, count(*) FROM newer GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET last_seq = head.last_seq + excluded.last_seq
    RETURNING user_id, last_seq
  ), applied AS (
    INSERT INTO feed_album_items AS known (album_id, photo_id, version, present, position_version, position)
    SELECT items.album_id, items."photoId", items.version, items.present, items."positionVersion", items.position
    FROM items JOIN newer ON newer.entity_id = items.album_id JOIN heads USING (user_id) ORDER BY items.album_id, items."photoId"
    ON CONFLICT (album_id, photo_id) DO UPDATE SET
      present = CASE WHEN known.version < excluded.version THEN excluded.present ELSE known.present END,
      version = GREATEST(known.version, excluded.version),
      position = CASE WHEN known.position_version < excluded.position_version THEN excluded.position ELSE known.position END,
      position_version = GREATEST(known.position_version, excluded.position_version)
    WHERE known.version < excluded.version OR known.position_version < excluded.position_version
    RETURNING album_id
  ), appended AS (
  INSERT INTO feed_entries AS known (user_id, entity, entity_id, seq, version, deleted, data, updated_at)
  SELECT user_id, 'album', entity_id, last_seq - max(number) OVER (PARTITION BY user_id) + number, version, false, data, updated_at
  FROM newer JOIN heads USING (user_id) ORDER BY user_id, number
  ON CONFLICT (user_id, entity, entity_id) DO UPDATE SET seq = excluded.seq,
    version = GREATEST(known.version, excluded.version),
    data = CASE WHEN known.version < excluded.version THEN excluded.data ELSE known.data END,
    updated_at = CASE WHEN known.version < excluded.version THEN excluded.updated_at ELSE known.updated_at END
  WHERE NOT known.deleted AND (known.version < excluded.version OR known.entity_id IN (SELECT album_id FROM applied))
  ) ${RETURN_FOREIGN}`,
);

/** The log of a user as a cursor of it needs it: its epoch and its newest number. No row before the first entry of any log. */
export const READ_HEAD = statement<{ epoch: string; lastSeq: string | null }>(
  'read-head',
  `SELECT epoch, (SELECT last_seq FROM feed_heads WHERE user_id = $1::uuid) AS "lastSeq" FROM feed_epochs WHERE id = 1`,
);

/** An entry of a page. All columns but those of the head are null when there is none. */
export interface PageRow {
  epoch: string;
  lastSeq: string | null;
  entity: 'photo' | 'album' | null;
  seq: string;
  deleted: boolean;
  /** The record or the tombstone, as JSON. */
  data: string;
  /** Milliseconds since 1970, which `pg` reads in a fraction of the time that a date takes it. */
  updatedAt: number;
  /** Of an album: its photos, or as many as one entry may have; `hasRest`: there are more behind the item with the key `lastKey`. */
  album: { photoIds: string[]; lastKey: string | null; hasRest: boolean } | null;
  /** How many entries the log has from the beginning of the page on, up to the limit. */
  found: number;
}

/** How large a page is at most, and how many photos of an album one entry has. */
export interface PageLimits {
  bytes: number;
  photoIds: number;
}

/** What an entry has besides its record: the signed URLs of a photo, the envelope. */
const BYTES_AROUND = 800;
const BYTES_PER_ID = 39;
/** So many photos of an album are read at least, though its record says that it has fewer: an event that removes some may be late. */
const FEWEST_IDS = 100;
/** The key of an item without a position: after every position, which are base 62. */
const KEY = "coalesce(position, '~')";

/**
 * Reads the entries behind a number in their order, with the head of the log as it is in the same snapshot: at most $3, and no more than make
 * a page of $8 bytes. What is beyond that is not sent: PostgreSQL measures each record, and the size of an album follows from its number of
 * photos. A first entry comes whatever its size. A record is made a text once, for its size and for the response: that is most of the work.
 *
 * An album has its photos in its manual order, those without a position last. One with more than $7 fills a page of its own with a part of
 * them. $4: the number of an entry whose first parts were read before, up to the item with the key $5 and the photo $6.
 */
export const READ_PAGE = statement<PageRow>(
  'read-page',
  `WITH log AS (
    SELECT *, sum(bytes) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS total FROM (
      SELECT *, octet_length(data) + ${BYTES_AROUND} + CASE WHEN ids > $7::int THEN $8::int ELSE ids * ${BYTES_PER_ID} END AS bytes
      FROM (
        SELECT entity, entity_id, seq, deleted, data::text AS data, updated_at, CASE WHEN entity = 'photo' OR deleted THEN 0
          WHEN seq = $4::bigint THEN $7::int + 1 ELSE GREATEST((data->>'itemCount')::int, ${FEWEST_IDS}) END AS ids
        FROM feed_entries WHERE user_id = $1::uuid AND seq > $2::bigint ORDER BY seq LIMIT $3::int
      ) AS entries
    ) AS sized
  )
  SELECT epoch, (SELECT last_seq FROM feed_heads WHERE user_id = $1::uuid) AS "lastSeq", entry.entity,
    entry.seq, entry.deleted, entry.data, round(date_part('epoch', entry.updated_at) * 1000) AS "updatedAt",
    CASE WHEN most > 0 THEN (
      SELECT json_build_object('photoIds', coalesce(json_agg(photo_id ORDER BY place) FILTER (WHERE place <= most), '[]'),
        'lastKey', max(key) FILTER (WHERE place = most), 'hasRest', count(*) > most)
      FROM (
        SELECT photo_id, ${KEY} AS key, row_number() OVER (ORDER BY ${KEY}, photo_id) AS place FROM feed_album_items
        WHERE album_id = entry.entity_id AND present
          AND (entry.seq <> $4::bigint OR (${KEY}, photo_id) > ($5::text COLLATE "C", $6::uuid))
        ORDER BY ${KEY}, photo_id LIMIT most + 1
      ) AS items
    ) END AS album, (SELECT count(*)::int FROM log) AS found
  FROM feed_epochs LEFT JOIN (
    SELECT *, LEAST(ids, $7::int) AS most FROM log WHERE total <= $8::int OR total = bytes
  ) AS entry ON true
  WHERE id = 1 ORDER BY entry.seq`,
);

/** Begins the logs: cursors name their epoch. */
export const BEGIN_EPOCH = statement<never>(
  'begin-epoch',
  'INSERT INTO feed_epochs (id, epoch) VALUES (1, $1::uuid) ON CONFLICT DO NOTHING',
);
