import { endpoints } from '@lazyphotos/contracts';
import {
  describeError,
  newestFirst,
  notFound,
  ProblemError,
  type ServiceApp,
  toPage,
} from '@lazyphotos/service-kit';
import type { UploadContext } from './context.js';
import type { Archive, UploadSession, UploadTx } from './prisma.js';

/** The archives that a user has uploaded to import from. */
export function mountArchiveRoutes({ mount }: ServiceApp, context: UploadContext): void {
  mount(endpoints.listArchives, async ({ principal, query }) => {
    const { where, ...order } = newestFirst(query);
    const rows = await context.db.archive.findMany({
      ...order,
      where: { ...where, userId: principal.userId, deletedAt: null },
      include: { parts: { select: { importId: true }, orderBy: { importId: 'asc' } } },
    });
    const { items, cursor, hasMore } = toPage(rows, query.limit);
    const archives = items.map(({ id, hash, fileName, sizeBytes, storedAt, parts }) => ({
      id,
      hash,
      fileName,
      sizeBytes: Number(sizeBytes),
      uploadedAt: storedAt.toISOString(),
      importIds: [...new Set(parts.map(({ importId }) => importId))],
    }));
    return { archives, cursor, hasMore };
  });

  mount(endpoints.deleteArchive, async ({ principal, params }) => {
    await removeMarked(context, await markDeleted(context, principal.userId, params.id));
    return undefined;
  });
}

/** Records a verified archive. Resolves to the one that its user has under this hash: the session's own, or an older one. */
export async function recordArchive(tx: UploadTx, session: UploadSession, storedAt: Date): Promise<string> {
  const { userId, hash, photoId: id, id: sessionId, storageKey, fileName, sizeBytes } = session;
  const { count } = await tx.archive.createMany({
    data: { id, userId, hash, sessionId, storageKey, fileName, sizeBytes, storedAt },
    skipDuplicates: true,
  });
  if (count > 0) return id;
  const known = await tx.archive.findUnique({ where: { userId_hash: { userId, hash } } });
  if (known) return known.id;
  // It was deleted between the two statements: a repeated request stores this one.
  throw new ProblemError('service_unavailable', 'The archive was being deleted.', {
    headers: { 'Retry-After': '1' },
  });
}

/**
 * Marks an archive as deleted. Then its object is removed, then its row, so that an interrupted deletion is found again. A marked row has
 * released its hash: the same archive may be uploaded again at once. The photos that came from it stay.
 * @throws ProblemError `not_found`, `archive_in_use`
 */
function markDeleted({ db, now }: UploadContext, userId: string, id: string): Promise<Archive> {
  return db.$transaction(async (tx: UploadTx) => {
    // A new import locks the row by its foreign key, so one of the two sees the other.
    await tx.$queryRaw`SELECT id FROM archives WHERE id = ${id}::uuid FOR UPDATE`;
    const archive = await tx.archive.findFirst({ where: { id, userId } });
    if (!archive) throw notFound('archive');
    if (archive.deletedAt) return archive;
    const readers = await tx.importPart.count({
      where: { archiveId: id, import: { status: { in: ['pending', 'running'] } } },
    });
    if (readers > 0) throw new ProblemError('archive_in_use');
    return tx.archive.update({ where: { id }, data: { deletedAt: now(), hash: `deleted:${id}` } });
  });
}

async function removeMarked(
  { db, store, logger }: UploadContext,
  { id, userId, storageKey }: Archive,
): Promise<void> {
  await store.delete(storageKey);
  // Its completed sessions are kept as long as the archive is.
  const sessions = { userId, photoId: id, status: 'completed', stagingId: null };
  await db.$transaction([
    db.uploadSession.deleteMany({ where: sessions }),
    db.archive.deleteMany({ where: { id } }),
  ]);
  logger.info('archive deleted', { archiveId: id });
}

/** Continues deletions that a crash or a fault of the store has interrupted. */
export async function finishDeletions(context: UploadContext): Promise<void> {
  for (const archive of await context.db.archive.findMany({ where: { deletedAt: { not: null } } })) {
    await removeMarked(context, archive).catch((error: unknown) => {
      context.logger.warn('could not delete an archive', {
        archiveId: archive.id,
        error: describeError(error),
      });
    });
  }
}
