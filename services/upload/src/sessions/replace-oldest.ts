import type { UploadContext } from '../context.js';

/**
 * Aborts the oldest open sessions of a user that has as many as may be, so that one more can be opened. Only those end of which no byte
 * has come or is on its way, so nothing is lost; a client that uses such a one announces again, as after any session that has ended.
 * They are more than one when the limit was lowered, or came with an upgrade. Expiry removes what a late request leaves in the store.
 * Resolves to whether one more may be opened.
 */
export async function replaceOldest(
  { db, sessions, logger }: UploadContext,
  userId: string,
  limit: number,
): Promise<boolean> {
  const sending = sessions.sending();
  const { excess, ended } = await db.$transaction(async (tx) => {
    // One at a time for each user: otherwise concurrent announcements would end more than is needed, or find none to end.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`open sessions of ${userId}`}, 0))`;
    const open = await tx.uploadSession.count({ where: { userId, status: 'open', importEntryId: null } });
    const excess = Math.max(0, open - limit + 1);
    const oldest = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM upload_sessions AS s
      WHERE user_id = ${userId}::uuid AND status = 'open' AND import_entry_id IS NULL
        AND (staging_id IS NULL OR staging_id = 'whole') AND id <> ALL (${sending}::uuid[])
        AND NOT EXISTS (SELECT FROM upload_chunks WHERE session_id = s.id)
      ORDER BY created_at, id LIMIT ${excess} FOR UPDATE OF s`;
    // A chunk may have been recorded between the look at the chunks and the lock. From the lock on, none can be.
    const ended = await tx.$executeRaw`
      UPDATE upload_sessions AS s SET status = 'aborted', open_key = NULL
      WHERE id = ANY (${oldest.map(({ id }) => id)}::uuid[])
        AND NOT EXISTS (SELECT FROM upload_chunks WHERE session_id = s.id)`;
    return { excess, ended };
  });
  if (ended > 0) logger.info('ended open uploads without bytes for a new one', { userId, ended });
  return ended > 0 || excess === 0;
}
