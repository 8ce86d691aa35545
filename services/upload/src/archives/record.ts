import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadSession, UploadTx } from '../prisma.js';

/** Records a verified archive. Returns the id of the one that its user has under this hash: the session's own, or an older one. */
export async function recordArchive(tx: UploadTx, session: UploadSession, storedAt: Date): Promise<string> {
  const { userId, hash, storageKey, fileName, sizeBytes } = session;
  const { count } = await tx.archive.createMany({
    data: {
      id: session.photoId,
      userId,
      hash,
      sessionId: session.id,
      storageKey,
      fileName,
      sizeBytes,
      storedAt,
    },
    skipDuplicates: true,
  });
  if (count > 0) return session.photoId;
  const known = await tx.archive.findUnique({ where: { userId_hash: { userId, hash } } });
  if (known) return known.id;
  // It was deleted between the two statements: a repeated request stores this one.
  throw new ProblemError('service_unavailable', 'The archive was being deleted.', {
    headers: { 'Retry-After': '1' },
  });
}
