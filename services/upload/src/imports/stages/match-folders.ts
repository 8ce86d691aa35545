import { getHeapStatistics } from 'node:v8';
import type { ImportSource, PhotoLifeState } from '@lazyphotos/contracts';
import { BULK_TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type FolderRole, matchFolderInThread } from '@lazyphotos/import-engine';
import type { Import, ImportEntry } from '../../generated/prisma/client.js';
import type { UploadDb, UploadTx } from '../../prisma.js';
import { reopened, type Settlement, settleEntries } from '../settle.js';
import { classifyAllFolders } from './classify-folders.js';

/**
 * A folder with more files than memory allows is imported without its sidecars: a file takes about a kilobyte of each of two heaps
 * while it is matched. With 128 MB of heap this is 50,000 files, 25,000 photos with their sidecars.
 */
const BYTES_PER_FILE = 2600;
const maxFiles = (): number =>
  Math.min(200_000, Math.floor(getHeapStatistics().heap_size_limit / BYTES_PER_FILE));

type FileOfFolder = Pick<
  ImportEntry,
  'id' | 'name' | 'role' | 'outcome' | 'sidecarId' | 'pictureId' | 'photoId'
> & {
  kind: 'photo' | 'album' | null;
  title: string | null;
  /** Of a sidecar. */
  isTrashed: boolean | null;
  photoState: PhotoLifeState | null;
};

/** What is to be stored about a media file of a folder. */
interface Link {
  id: bigint;
  isTrashed: boolean;
  sidecarId: bigint | null;
  rule: string | null;
  pictureId: bigint | null;
}

async function linksOf(
  source: ImportSource,
  files: readonly FileOfFolder[],
  isTrash: boolean,
): Promise<{ media: Link[]; used: Set<bigint> }> {
  const media = files.filter(({ role }) => role === 'media').map(({ id, name }) => ({ id, name }));
  const sidecars = files
    .filter(({ kind }) => kind === 'photo')
    .map(({ id, name, title }) => ({ id, name, title: title ?? undefined }));
  const { matches, pairs } = await matchFolderInThread({ source, media, sidecars });
  const matchOf = new Map(matches.map((match) => [match.mediaId, match]));
  const trashed = new Set(files.filter(({ isTrashed }) => isTrashed).map(({ id }) => id));
  const pictureOf = new Map(pairs.map(({ videoId, pictureId }) => [videoId, pictureId]));
  return {
    media: media.map(({ id }) => ({
      id,
      isTrashed: isTrash || trashed.has(matchOf.get(id)?.sidecarId ?? id),
      sidecarId: matchOf.get(id)?.sidecarId ?? null,
      rule: matchOf.get(id)?.rule ?? null,
      pictureId: pictureOf.get(id) ?? null,
    })),
    used: new Set(matches.map(({ sidecarId }) => sidecarId)),
  };
}

/** Returns the outcome of a sidecar that has been read. */
function sidecarOutcome({ id, kind }: FileOfFolder, used: ReadonlySet<bigint>): Settlement {
  if (kind === 'album' || used.has(id)) return { id, outcome: 'sidecar' };
  return { id, outcome: 'ignored', code: kind === 'photo' ? 'sidecar_without_photo' : 'not_a_sidecar' };
}

/**
 * Returns what the match changes: sidecars get their outcome; a photo that was imported before its sidecar came is described again, with
 * the facts of the sidecar.
 */
function settlementsOf(
  files: readonly FileOfFolder[],
  links: readonly Link[],
  used: ReadonlySet<bigint>,
): Settlement[] {
  const linkOf = new Map(links.map((link) => [link.id, link]));
  return files.flatMap((file): Settlement[] => {
    if (file.role !== 'media') {
      if (file.outcome === 'failed') return [];
      const settlement = sidecarOutcome(file, used);
      return settlement.outcome === file.outcome ? [] : [settlement];
    }
    const hasNewSidecar = (linkOf.get(file.id)?.sidecarId ?? null) !== file.sidecarId;
    if (!hasNewSidecar || file.photoId === null) return [];
    return [reopened(file.id, file.photoId, file.photoState)];
  });
}

async function saveLinks(
  tx: UploadTx,
  importId: string,
  files: readonly FileOfFolder[],
  links: readonly Link[],
) {
  const before = new Map(files.map((file) => [file.id, file]));
  const changed = links.filter(({ id, sidecarId, pictureId, isTrashed }) => {
    const file = before.get(id);
    return isTrashed || file?.sidecarId !== sidecarId || file.pictureId !== pictureId;
  });
  const rows = changed.map(({ id, sidecarId, rule, pictureId, isTrashed }) => ({
    trashed: isTrashed,
    id: String(id),
    sidecar: sidecarId === null ? null : String(sidecarId),
    rule,
    picture: pictureId === null ? null : String(pictureId),
  }));
  await tx.$executeRawUnsafe(
    `UPDATE import_entries e SET sidecar_id = n.sidecar, sidecar_rule = n.rule, picture_id = n.picture,
       is_trashed = n.trashed
     FROM jsonb_to_recordset($2::jsonb) AS n(id bigint, sidecar bigint, rule text, picture bigint, trashed boolean)
     WHERE e.import_id = $1::uuid AND e.id = n.id`,
    importId,
    JSON.stringify(rows),
  );
}

async function matchFolder(db: UploadDb, job: Import, folder: string, signal: AbortSignal): Promise<void> {
  const { role } = await db.importFolder.findUniqueOrThrow({
    where: { importId_path: { importId: job.id, path: folder } },
  });
  const isTrash = (role as FolderRole | null)?.kind === 'trash';
  const files = await db.$queryRaw<FileOfFolder[]>`
    SELECT id, name, role, outcome, facts->>'kind' AS kind, facts->>'title' AS title,
      facts->>'trashed' = 'true' AS "isTrashed", sidecar_id AS "sidecarId",
      picture_id AS "pictureId", photo_id AS "photoId", photo_state AS "photoState"
    FROM import_entries
    WHERE import_id = ${job.id}::uuid AND folder = ${folder} AND role <> 'other'
    ORDER BY id`;
  const { media, used } = await linksOf(job.source as ImportSource, files, isTrash);
  // Another process may have matched the folder meanwhile, with the files of a later part.
  signal.throwIfAborted();
  await db.$transaction(async (tx) => {
    await saveLinks(tx, job.id, files, media);
    await settleEntries(tx, job.id, settlementsOf(files, media, used));
  }, BULK_TRANSACTION_OPTIONS);
}

/** Resolves to false when the thread that matches a large folder has run out of memory. */
async function matchWithinMemory(
  db: UploadDb,
  job: Import,
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await matchFolder(db, job, folder, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    return false;
  }
}

/** Gives the sidecars of a folder that is too large their outcome, without a search for their photos. */
async function ignoreSidecars(db: UploadDb, job: Import, folder: string): Promise<void> {
  for (;;) {
    const rest = await db.importEntry.findMany({
      where: { importId: job.id, folder, outcome: 'waiting', role: { in: ['json', 'xmp'] } },
      select: { id: true },
      take: 10_000,
    });
    if (rest.length === 0) return;
    const message = 'The folder has too many files for the memory of this node.';
    const settlements = rest.map(({ id }) => ({
      id,
      outcome: 'ignored' as const,
      code: 'folder_too_large',
      message,
    }));
    await settleEntries(db, job.id, settlements);
  }
}

/** Matches the photos of the next folder with their sidecars. Resolves to false when none is left. */
export async function matchNextFolder(db: UploadDb, job: Import, signal: AbortSignal): Promise<boolean> {
  const folder = await db.importFolder.findFirst({
    where: { importId: job.id, isMatched: false },
    orderBy: { path: 'asc' },
  });
  if (!folder) return false;
  if (folder.role === null) await classifyAllFolders(db, job);
  const where = { importId: job.id, folder: folder.path };
  const isSmallEnough = (await db.importEntry.count({ where })) <= maxFiles();
  if (!isSmallEnough || !(await matchWithinMemory(db, job, folder.path, signal)))
    await ignoreSidecars(db, job, folder.path);
  signal.throwIfAborted();
  await db.importFolder.update({
    where: { importId_path: { importId: job.id, path: folder.path } },
    data: { isMatched: true },
  });
  return true;
}
