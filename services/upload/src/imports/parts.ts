import { MAX_PARTS, type Role } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { ImportPart } from '../generated/prisma/client.js';
import type { UploadTx } from '../prisma.js';
import { findLocalArchives } from './import-dir.js';

export interface ImportUser {
  userId: string;
  role: Role;
}

/** An archive that becomes a part of an import. */
export type NewPart = Pick<ImportPart, 'archiveId' | 'path' | 'name' | 'sizeBytes' | 'modifiedAt'>;

/** How a request names archives: by the hashes of uploaded ones, or by a path below IMPORT_DIR. */
interface NamedArchives {
  hash?: string | undefined;
  hashes?: readonly string[] | undefined;
  path?: string | undefined;
}

/** Finds the archives that a user has named. @throws ProblemError `archive_not_found`, `forbidden` */
export async function findParts(
  context: UploadContext,
  user: ImportUser,
  { hash, hashes, path }: NamedArchives,
): Promise<NewPart[]> {
  if (path === undefined) return uploadedArchives(context, user.userId, hashes ?? (hash ? [hash] : []));
  const files = await findLocalArchives(context.settings.importDir, user, path);
  return files.map((file) => ({
    archiveId: null,
    path: file.path,
    name: file.name,
    sizeBytes: BigInt(file.sizeBytes),
    modifiedAt: file.modifiedAt,
  }));
}

async function uploadedArchives(
  { db }: UploadContext,
  userId: string,
  hashes: readonly string[],
): Promise<NewPart[]> {
  const wanted = [...new Set(hashes)];
  const found = await db.archive.findMany({ where: { userId, hash: { in: wanted }, deletedAt: null } });
  const byHash = new Map(found.map((archive) => [archive.hash, archive]));
  const missing = wanted.filter((hash) => !byHash.has(hash));
  if (missing.length > 0) {
    throw notUploaded(missing.map((hash) => ({ path: hash, message: 'was not uploaded' })));
  }
  return wanted.flatMap((hash) => {
    const archive = byHash.get(hash);
    if (!archive) return [];
    const { id, fileName, sizeBytes } = archive;
    return [{ archiveId: id, path: null, name: fileName, sizeBytes, modifiedAt: null }];
  });
}

const notUploaded = (errors: { path: string; message: string }[]) =>
  new ProblemError('archive_not_found', 'Upload the archives first, as application/zip.', {
    members: { errors },
  });

/** Prevents that archives are deleted before the transaction has made them parts. @throws ProblemError `archive_not_found` */
export async function holdArchives(tx: UploadTx, parts: readonly NewPart[]): Promise<void> {
  const ids = parts.flatMap(({ archiveId }) => archiveId ?? []);
  const held = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM archives WHERE id = ANY(${ids}::uuid[]) AND deleted_at IS NULL ORDER BY id FOR SHARE`;
  const isHeld = new Set(held.map(({ id }) => id));
  const gone = parts.filter(({ archiveId }) => archiveId !== null && !isHeld.has(archiveId));
  if (gone.length > 0) throw notUploaded(gone.map(({ name }) => ({ path: name, message: 'was deleted' })));
}

/** Resets parts below IMPORT_DIR that could not be read, so that a replaced archive is read again. Resolves to their number. */
export async function resetFailedParts(
  tx: UploadTx,
  known: readonly ImportPart[],
  named: readonly NewPart[],
): Promise<number> {
  const failed = known.filter(({ state, path }) => state === 'failed' && path !== null);
  const replaced = failed.flatMap((part) => {
    const now = named.find(({ path }) => path === part.path);
    return now ? [{ id: part.id, sizeBytes: now.sizeBytes, modifiedAt: now.modifiedAt }] : [];
  });
  for (const { id, sizeBytes, modifiedAt } of replaced)
    await tx.importPart.update({
      where: { id },
      data: { state: 'waiting', code: null, message: null, sizeBytes, modifiedAt },
    });
  return replaced.length;
}

export const tooManyParts = () =>
  new ProblemError('too_many_parts', `An import reads at most ${MAX_PARTS} archives.`);
