/**
 * The life of an upload session. It is open from its announcement (open.ts) until exactly one of these ends it:
 *
 *     open ──complete────────▶ completed  the file is verified; in one transaction with its photo or archive (completion/commit.ts)
 *          ──end─────────────▶ failed     the file is not the announced one (completion), or its parts are lost (completion, chunks)
 *          ──end─────────────▶ aborted    its client gave it up (routes.ts), or announced the hash in another way (open.ts)
 *          ──replaceOldest───▶ aborted    no byte of it has come, and its user has too many open ones (replace-oldest.ts)
 *          ──expireOverdue───▶ expired    no chunk came in time (expiry.ts; or `end` by open.ts when the hash is announced again)
 *
 * Any process may end a session. Each transition is one statement that requires `open`, so only one succeeds; all others read the
 * row again (`latest`) and act on what it says. What a request has read before may be out of date: the row alone decides what may be deleted.
 *
 * What each state leaves behind:
 * - open: a staged upload in the store, which `stagingId` names, begun with the first chunk; rows of `upload_chunks` name its parts.
 *   Each stored chunk gives the session more time. A file of one chunk has no staged upload: it becomes the object at once, if it has the
 *   announced hash, and `stagingId` is `WHOLE` from the beginning.
 * - completed: the object, which is a photo or an archive. If the user had the file already, the object is superfluous, and the row
 *   keeps `stagingId` until `discard` has removed it.
 * - failed, aborted, expired: parts, or an assembled object, until `discard` has removed them and cleared `stagingId`. The row stays for
 *   30 days, so that late requests learn how the session ended.
 *
 * Whatever a crash interrupts is finished by expiry.ts: it discards for rows that have ended with a `stagingId`, and aborts staged uploads
 * that belong to no open session.
 */
import { isArchiveType, storageKeys } from '@lazyphotos/contracts';
import { type Database, run } from '@lazyphotos/database';
import type { ObjectAttributes, ObjectStore, StagedUpload, UploadShape } from '@lazyphotos/object-storage';
import { describeError, type Logger, notFound, ProblemError } from '@lazyphotos/service-kit';
import type { UploadDb, UploadSession, UploadTx } from '../prisma.js';
import { READ_FOR_CHUNK, READ_FOR_COMPLETION, RECORD_CHUNK, toSession } from './queries.js';

/** The `stagingId` of a session whose file is one chunk. */
export const WHOLE = 'whole';

export class UploadSessions {
  /** Stops the requests of this process that send a whole file, by session. */
  private readonly senders = new Map<string, () => void>();

  constructor(
    private readonly database: Database,
    private readonly db: UploadDb,
    private readonly store: ObjectStore,
    private readonly lifetimeMs: number,
    private readonly logger: Logger,
    private readonly now: () => Date,
  ) {}

  /** @throws ProblemError `not_found` */
  async getOrThrow(userId: string, id: string): Promise<UploadSession> {
    const session = await this.db.uploadSession.findFirst({ where: { id, userId } });
    if (!session) throw notFound('upload session');
    return session;
  }

  /** Resolves to the session as it is now. */
  async latest(session: UploadSession): Promise<UploadSession> {
    // Rows are deleted only long after their sessions have ended.
    return (await this.find(session.id)) ?? { ...session, status: 'expired' };
  }

  private find(id: string): Promise<UploadSession | null> {
    return this.db.uploadSession.findUnique({ where: { id } });
  }

  /** Resolves to whether the file of an open session goes to this key of the store. */
  async isOpenAt(storageKey: string): Promise<boolean> {
    return (await this.db.uploadSession.count({ where: { status: 'open', storageKey } })) > 0;
  }

  /** Resolves to a user's session, and whether the chunk at this offset is stored. @throws ProblemError `not_found` */
  async forChunk(
    userId: string,
    id: string,
    offset: number,
  ): Promise<{ session: UploadSession; hasChunk: boolean }> {
    const [row] = await run(this.database, READ_FOR_CHUNK, [id, userId, offset]);
    if (!row) throw notFound('upload session');
    const { hasChunk, ...session } = row;
    return { session: toSession(session), hasChunk };
  }

  /** Resolves to a user's session with its stored chunks, in the order of the file. @throws ProblemError `not_found` */
  async forCompletion(
    userId: string,
    id: string,
  ): Promise<{ session: UploadSession; indexes: number[]; etags: string[] }> {
    const [row] = await run(this.database, READ_FOR_COMPLETION, [id, userId]);
    if (!row) throw notFound('upload session');
    const { indexes, etags, ...session } = row;
    return { session: toSession(session), indexes, etags };
  }

  /** Makes a session that an import has opened a client's. */
  takeFromImport(id: string): Promise<UploadSession> {
    return this.db.uploadSession.update({ where: { id }, data: { importEntryId: null } });
  }

  /** Ends the session if it is open. Resolves to it as it is now: another request may have ended it in another way. */
  async end(
    session: UploadSession,
    status: 'failed' | 'aborted' | 'expired',
    failureCode: string | null = null,
  ): Promise<UploadSession> {
    await this.db.uploadSession.updateMany({
      where: { id: session.id, status: 'open' },
      data: { status, openKey: null, failureCode },
    });
    return this.latest(session);
  }

  /** Completes an open session, whose type is the verified one. Resolves to false when it has ended already. */
  async complete(tx: UploadTx, { id, mimeType }: UploadSession): Promise<boolean> {
    const { count } = await tx.uploadSession.updateMany({
      where: { id, status: 'open' },
      data: { status: 'completed', openKey: null, stagingId: null, mimeType },
    });
    if (count > 0) await tx.uploadChunk.deleteMany({ where: { sessionId: id } });
    return count > 0;
  }

  /** Marks the object of a session that was just completed as superfluous: its user has the file as `photoId` already. */
  async markDuplicate(tx: UploadTx, { id, stagingId }: UploadSession, photoId: string): Promise<void> {
    await tx.uploadSession.update({ where: { id }, data: { photoId, stagingId } });
  }

  /** Ends open sessions whose time has run out. Resolves to their number. */
  async expireOverdue(): Promise<number> {
    const { count } = await this.db.uploadSession.updateMany({
      where: { status: 'open', expiresAt: { lte: this.now() } },
      data: { status: 'expired', openKey: null },
    });
    return count;
  }

  /**
   * Removes what an ended session has left in the store, unless its object is a photo or an archive. Resolves to the session as it is
   * now. An object may have been assembled after another process had discarded it, so the given `stagingId` counts as well.
   */
  async discard(session: UploadSession): Promise<UploadSession> {
    const row = await this.find(session.id);
    const uploadId = row?.stagingId ?? session.stagingId;
    if (row === null || uploadId === null || mayHoldFile(row)) return this.latest(session);
    this.senders.get(row.id)?.();
    if (uploadId !== WHOLE) await this.store.abortUpload({ uploadId, key: row.storageKey });
    await this.store.delete(row.storageKey);
    await this.db.uploadSession.updateMany({ where: { id: row.id }, data: { stagingId: null } });
    return row;
  }

  /** Discards if the store is available; otherwise the next expiry run does. */
  async tryDiscard(session: UploadSession): Promise<void> {
    await this.discard(session).catch((error: unknown) => {
      this.logger.warn('could not clean up an ended upload', {
        sessionId: session.id,
        error: describeError(error),
      });
    });
  }

  /** Resolves to the ended sessions after the id `after` that are to be discarded. */
  toDiscard(after: string, limit: number): Promise<UploadSession[]> {
    return this.db.uploadSession.findMany({
      where: { status: { not: 'open' }, stagingId: { not: null }, id: { gt: after } },
      orderBy: { id: 'asc' },
      take: limit,
    });
  }

  /** Deletes the rows of sessions that ended without a file long ago. */
  async forgetEnded(before: Date): Promise<void> {
    const status = { in: ['failed', 'aborted', 'expired'] };
    await this.db.uploadSession.deleteMany({
      where: { status, stagingId: null, expiresAt: { lt: before } },
    });
  }

  /** Resolves to the staged upload of an open session. @throws ProblemError `upload_ended` */
  async stagedUpload(session: UploadSession): Promise<StagedUpload> {
    const uploadId = session.stagingId ?? (await this.beginStaging(session));
    return { uploadId, key: session.storageKey, ...shapeOf(session) };
  }

  /** With the first chunk, so that an announcement alone costs nothing. When two requests begin, the first to write the id wins. */
  private async beginStaging(session: UploadSession): Promise<string> {
    const { size, partSize } = shapeOf(session);
    const begun = await this.store.beginUpload(session.storageKey, size, partSize, attributesOf(session));
    await this.db.uploadSession.updateMany({
      where: { id: session.id, stagingId: null, status: 'open' },
      data: { stagingId: begun.uploadId },
    });
    const row = await this.latest(session);
    if (row.stagingId !== begun.uploadId) await this.store.abortUpload(begun);
    if (row.stagingId === null) throw uploadEnded(row);
    return row.stagingId;
  }

  /** Runs `send`, which stores the whole file of a session. When the session is discarded meanwhile, `stop` is called. */
  async whileSending(session: UploadSession, stop: () => void, send: () => Promise<void>): Promise<void> {
    this.senders.set(session.id, stop);
    try {
      await send();
    } finally {
      this.senders.delete(session.id);
    }
  }

  /** The ids of the sessions to which a request of this process sends the whole file. */
  sending(): string[] {
    return [...this.senders.keys()];
  }

  /**
   * Removes the object that was stored after its session had ended, unless it is a photo or archive: another process has stored the same
   * bytes under the key. Resolves to the session as it is now.
   */
  async discardLate(session: UploadSession): Promise<UploadSession> {
    const row = await this.discard({ ...session, stagingId: WHOLE });
    if (row.status !== 'completed' || isArchiveType(row.mimeType)) return row;
    const photo = await this.db.original.count({ where: { storageKey: row.storageKey, purgedAt: null } });
    if (photo === 0) await this.store.delete(row.storageKey);
    return row;
  }

  async hasChunk(id: string, index: number): Promise<boolean> {
    return (await this.db.uploadChunk.count({ where: { sessionId: id, index } })) > 0;
  }

  /** Records a stored chunk and gives the session more time. Resolves to false when the session has ended. */
  async recordChunk(id: string, index: number, etag: string): Promise<boolean> {
    return (await run(this.database, RECORD_CHUNK, [id, index, etag, this.expiry()])).length > 0;
  }

  /** Returns until when a session lives that has just got a chunk, or is new. */
  expiry(): Date {
    return new Date(this.now().getTime() + this.lifetimeMs);
  }
}

/** The problem of a request to a session that has ended without a file. */
export function uploadEnded({ status, failureCode }: UploadSession): ProblemError {
  return new ProblemError('upload_ended', 'The upload session has ended; announce the file again.', {
    members: { uploadStatus: status, ...(failureCode ? { failureCode } : {}) },
  });
}

/** Whether the file is one chunk, which becomes the object without a staged upload. */
export function isWhole({ stagingId }: UploadSession): boolean {
  return stagingId === WHOLE;
}

/** Size and hash travel with the object, so that a lost catalog can be rebuilt from the store. */
export function attributesOf({ mimeType, hash, fileName }: UploadSession): ObjectAttributes {
  return { contentType: mimeType, metadata: { sha256: hash, 'file-name': fileName } };
}

/** How the file is cut into chunks, which are the parts of the staged upload. */
export function shapeOf({ sizeBytes, chunkSize }: UploadSession): UploadShape {
  return { size: Number(sizeBytes), partSize: chunkSize };
}

export function storageKeyOf(session: Pick<UploadSession, 'userId' | 'photoId' | 'mimeType'>): string {
  const keyOf = isArchiveType(session.mimeType) ? storageKeys.archive : storageKeys.original;
  return keyOf(session.userId, session.photoId);
}

/** The object of an open session may still become a file. That of a completed one is a file unless the user had it already. */
function mayHoldFile(session: UploadSession): boolean {
  return (
    session.status === 'open' ||
    (session.status === 'completed' && session.storageKey === storageKeyOf(session))
  );
}
