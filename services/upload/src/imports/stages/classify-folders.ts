import type { PhotoLifeState } from '@lazyphotos/contracts';
import { BULK_TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type AlbumFacts, classifyFolders, type FolderRole } from '@lazyphotos/import-engine';
import { newId } from '@lazyphotos/service-kit';
import type { Import } from '../../generated/prisma/client.js';
import type { UploadDb, UploadTx } from '../../prisma.js';
import { reopened, settleEntries } from '../settle.js';

const REOPENED_AT_ONCE = 10_000;
/** How many album files of a folder are read: a part of an export has one, parts may repeat it. */
const MAX_ALBUM_FILES = 3;
const MAX_DESCRIPTION = 2000;

interface FolderAlbums {
  path: string;
  albums: AlbumFacts[];
}

/**
 * Decides what the folders of an import are, and which albums they become. Albums keep their ids over imports, so that the
 * next one fills the same.
 */
export async function classifyAllFolders(db: UploadDb, job: Import): Promise<void> {
  const folders = await readFolders(db, job.id);
  const roles =
    job.source === 'takeout'
      ? classifyFolders(folders)
      : new Map(folders.map(({ path }) => [path, { kind: 'plain' } satisfies FolderRole]));
  const rows = folders.map(({ path }) => {
    const role: FolderRole = roles.get(path) ?? { kind: 'plain' };
    return {
      path,
      role,
      // The folder's own name, for the root has another one in another language.
      album: role.kind === 'album' ? (path.split('/').at(-1) ?? path) : null,
      name: role.kind === 'album' ? role.name : null,
      description: role.kind === 'album' ? (role.description ?? null) : null,
      id: newId(),
    };
  });
  const saveRoles = async (tx: UploadTx) => {
    const given = JSON.stringify(rows);
    await tx.$executeRawUnsafe(
      `INSERT INTO imported_albums (id, user_id, folder, name, description)
       SELECT DISTINCT ON (n.album) n.id, $1::uuid, n.album, n.name, n.description
       FROM jsonb_to_recordset($2::jsonb) AS n(id uuid, album text, name text, description text)
       WHERE n.album IS NOT NULL
       ON CONFLICT (user_id, folder) DO UPDATE SET name = excluded.name, description = excluded.description
         WHERE NOT imported_albums.is_made`,
      job.userId,
      given,
    );
    await reopenForAlbums(tx, job, given);
    await tx.$executeRawUnsafe(
      `UPDATE import_folders f SET role = n.role, album_id = a.id
       FROM jsonb_to_recordset($3::jsonb) AS n(path text, role jsonb, album text)
       LEFT JOIN imported_albums a ON a.user_id = $2::uuid AND a.folder = n.album
       WHERE f.import_id = $1::uuid AND f.path = n.path`,
      job.id,
      job.userId,
      given,
    );
  };
  await db.$transaction(saveRoles, BULK_TRANSACTION_OPTIONS);
}

function readFolders(db: UploadDb, importId: string): Promise<FolderAlbums[]> {
  return db.$queryRaw<FolderAlbums[]>`
    SELECT f.path, coalesce(jsonb_agg(a.facts ORDER BY a.id) FILTER (WHERE a.id IS NOT NULL), '[]') AS albums
    FROM import_folders f
    LEFT JOIN LATERAL (
      SELECT e.id, jsonb_build_object('kind', 'album', 'title', e.facts->>'title',
        'description', left(e.facts->>'description', ${MAX_DESCRIPTION}::int)) AS facts
      FROM import_entries e
      WHERE e.import_id = f.import_id AND e.folder = f.path AND e.role = 'json' AND e.facts->>'kind' = 'album'
      ORDER BY e.id LIMIT ${MAX_ALBUM_FILES}::int
    ) AS a ON true
    WHERE f.import_id = ${importId}::uuid GROUP BY f.path`;
}

/**
 * Reopens the photos of folders that have become an album, by the JSON of a later part, since they were imported. `folders` are
 * their paths and albums as JSON.
 */
async function reopenForAlbums(tx: UploadTx, job: Import, folders: string): Promise<void> {
  const photos = await tx.$queryRawUnsafe<
    { id: bigint; photoId: string; photoState: PhotoLifeState | null }[]
  >(
    `SELECT e.id, e.photo_id AS "photoId", e.photo_state AS "photoState"
     FROM jsonb_to_recordset($3::jsonb) AS n(path text, album text)
     JOIN imported_albums a ON a.user_id = $2::uuid AND a.folder = n.album
     JOIN import_folders f ON f.import_id = $1::uuid AND f.path = n.path AND f.album_id IS DISTINCT FROM a.id
     JOIN import_entries e ON e.import_id = f.import_id AND e.folder = f.path
     WHERE e.outcome IN ('imported', 'duplicate') AND e.photo_id IS NOT NULL`,
    job.id,
    job.userId,
    folders,
  );
  for (let at = 0; at < photos.length; at += REOPENED_AT_ONCE) {
    const some = photos.slice(at, at + REOPENED_AT_ONCE);
    await settleEntries(
      tx,
      job.id,
      some.map(({ id, photoId, photoState }) => reopened(id, photoId, photoState)),
    );
  }
}
