import { endpoints } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import { newestFirst, toPage } from '../pages.js';
import type { UploadDb } from '../prisma.js';
import type { ArchiveDeletion } from './deletion.js';

/** The archives that a user has uploaded to import from. */
export function mountArchiveRoutes(
  { mount }: ServiceApp,
  { db, deletion }: { db: UploadDb; deletion: ArchiveDeletion },
): void {
  mount(endpoints.listArchives, async ({ principal, query }) => {
    const { where, ...order } = newestFirst(principal.userId, query);
    const rows = await db.archive.findMany({
      ...order,
      where: { ...where, deletedAt: null },
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
    await deletion.remove(principal.userId, params.id);
    return undefined;
  });
}
