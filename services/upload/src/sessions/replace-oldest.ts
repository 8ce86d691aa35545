import type { UploadContext } from '../context.js';
import { type Announced, type AnnounceOptions, findOrInsert, type NewSession } from './find-or-insert.js';

/**
 * Opens a session for a user that has as many as may be: aborts the oldest ones in the same transaction, so that no other request takes
 * their place. Only those end of which no byte has come or is on its way, so nothing is lost; a client that uses such a one announces
 * again, as after any session that has ended. They are more than one when the limit was lowered, or came with an upgrade. Expiry removes
 * what a late request leaves in the store. Resolves to undefined, and ends none, when too few are without bytes; to no session when
 * one of them has just got some.
 */
export async function replaceOldest(
  context: UploadContext,
  fresh: NewSession,
  options: AnnounceOptions,
): Promise<Announced | undefined> {
  const { db, sessions, replaceLock, logger } = context;
  const { userId } = fresh;
  // One at a time for each user: otherwise concurrent announcements would end more than is needed, or find none to end. Those of this process
  // wait without a connection.
  const { ended, announced } = await replaceLock.run(userId, () =>
    db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`open sessions of ${userId}`}, 0))`;
      // Those before may have made room, or have opened a session for the same hash.
      const announced = await findOrInsert(context, fresh, options, tx);
      const { open, isWanted, isTooLarge, isAtLimit } = announced;
      if (open || !isWanted || isTooLarge || !isAtLimit) return { ended: 0, announced };
      const count = await tx.uploadSession.count({ where: { userId, status: 'open', importEntryId: null } });
      const excess = Math.max(0, count - options.limit + 1);
      const oldest = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM upload_sessions AS s
      WHERE user_id = ${userId}::uuid AND status = 'open' AND import_entry_id IS NULL
        AND (staging_id IS NULL OR staging_id = 'whole') AND id <> ALL (${sessions.sending()}::uuid[])
        AND NOT EXISTS (SELECT FROM upload_chunks WHERE session_id = s.id)
      ORDER BY created_at, id LIMIT ${excess} FOR UPDATE OF s`;
      if (oldest.length < excess) return { ended: 0, announced: undefined };
      const ids = oldest.map(({ id }) => id);
      // A chunk may have been recorded between the look at the chunks and the lock. From the lock on, none can be.
      if ((await tx.uploadChunk.count({ where: { sessionId: { in: ids } } })) > 0)
        return { ended: 0, announced };
      const { count: ended } = await tx.uploadSession.updateMany({
        where: { id: { in: ids } },
        data: { status: 'aborted', openKey: null },
      });
      return { ended, announced: await findOrInsert(context, fresh, options, tx) };
    }),
  );
  if (ended > 0) logger.info('ended open uploads without bytes for a new one', { userId, ended });
  return announced;
}
