import { type AnnouncedDateSource, isArchiveType, storageKeys } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import type { UploadDb, UploadSession } from '../prisma.js';

export interface NewSession {
  userId: string;
  deviceId: string | null;
  hash: string;
  sizeBytes: number;
  mimeType: string;
  fileName: string;
  capturedAt: Date | null;
  capturedAtSource: AnnouncedDateSource | null;
  width: number | null;
  height: number | null;
  locationLat: number | null;
  locationLon: number | null;
  replaces: string | null;
  /** The file of an archive that is being imported; null for uploads of clients. */
  importEntryId: bigint | null;
  chunkSize: number;
}

export interface SessionRepositoryOptions {
  lifetimeMs: number;
  now: () => Date;
}

/** Where the file of a session goes in the store, once it is a photo or an archive. */
export const storageKeyOf = ({
  userId,
  photoId,
  mimeType,
}: Pick<UploadSession, 'userId' | 'photoId' | 'mimeType'>): string =>
  isArchiveType(mimeType) ? storageKeys.archive(userId, photoId) : storageKeys.original(userId, photoId);

/** Photos and archives are apart: the same hash may be announced as either. */
const openKeyOf = ({ userId, hash, mimeType }: Pick<UploadSession, 'userId' | 'hash' | 'mimeType'>) =>
  isArchiveType(mimeType) ? `${userId}:archive:${hash}` : `${userId}:${hash}`;

/** An upload session's row, its life and its chunks. */
export function createSessionRepository(db: UploadDb, { lifetimeMs, now }: SessionRepositoryOptions) {
  const expiry = () => new Date(now().getTime() + lifetimeMs);

  return {
    find: (userId: string, id: string) => db.uploadSession.findFirst({ where: { id, userId } }),
    findOpen: (wanted: Pick<UploadSession, 'userId' | 'hash' | 'mimeType'>) =>
      db.uploadSession.findUnique({ where: { openKey: openKeyOf(wanted) } }),

    /** Whether an open session's file goes to this key of the store. */
    isOpenAt: async (storageKey: string): Promise<boolean> =>
      (await db.uploadSession.count({ where: { status: 'open', storageKey } })) > 0,

    /** Inserts an open session; answers null when another request has just done so for the same hash. */
    insert: async (fresh: NewSession): Promise<UploadSession | null> => {
      const id = newId();
      const photoId = newId();
      const rows = await db.uploadSession.createManyAndReturn({
        data: {
          ...fresh,
          id,
          photoId,
          status: 'open',
          sizeBytes: BigInt(fresh.sizeBytes),
          openKey: openKeyOf(fresh),
          storageKey: storageKeyOf({ ...fresh, photoId }),
          createdAt: now(),
          expiresAt: expiry(),
        },
        skipDuplicates: true,
      });
      return rows[0] ?? null;
    },

    /** Makes a session that an import has opened a client's. */
    takeFromImport: (id: string): Promise<UploadSession> =>
      db.uploadSession.update({ where: { id }, data: { importEntryId: null } }),

    /** Remembers the staged upload; the first one to come wins. Answers the one that counts. */
    setStaging: async (id: string, stagingId: string): Promise<string | null> => {
      await db.uploadSession.updateMany({
        where: { id, stagingId: null, status: 'open' },
        data: { stagingId },
      });
      const row = await db.uploadSession.findUnique({ where: { id }, select: { stagingId: true } });
      return row?.stagingId ?? null;
    },

    /** Ends an open session; false when it has ended already. */
    end: async (
      id: string,
      status: 'failed' | 'aborted' | 'expired',
      failureCode?: string,
    ): Promise<boolean> => {
      const { count } = await db.uploadSession.updateMany({
        where: { id, status: 'open' },
        data: { status, openKey: null, failureCode: failureCode ?? null },
      });
      return count > 0;
    },

    hasChunk: async (id: string, index: number): Promise<boolean> =>
      (await db.uploadChunk.count({ where: { sessionId: id, index } })) > 0,

    chunks: (id: string) => db.uploadChunk.findMany({ where: { sessionId: id }, orderBy: { index: 'asc' } }),

    /** Records a stored chunk and gives the session more time; false when the session has ended meanwhile. */
    recordChunk: async (id: string, index: number, etag: string): Promise<boolean> => {
      const recorded = await db.$executeRaw`
        WITH touched AS (
          UPDATE upload_sessions SET expires_at = ${expiry()} WHERE id = ${id}::uuid AND status = 'open' RETURNING id
        )
        INSERT INTO upload_chunks (session_id, index, etag) SELECT id, ${index}, ${etag} FROM touched
        ON CONFLICT (session_id, index) DO UPDATE SET etag = excluded.etag`;
      return recorded > 0;
    },

    /** Ends open sessions whose time has run out; answers how many. */
    expireOverdue: async (): Promise<number> => {
      const { count } = await db.uploadSession.updateMany({
        where: { status: 'open', expiresAt: { lte: now() } },
        data: { status: 'expired', openKey: null },
      });
      return count;
    },

    /** Ended sessions that still have something in the object store which is no photo. */
    uncleaned: (after: string, limit: number) =>
      db.uploadSession.findMany({
        where: { status: { not: 'open' }, stagingId: { not: null }, id: { gt: after } },
        orderBy: { id: 'asc' },
        take: limit,
      }),

    markCleaned: (id: string) => db.uploadSession.update({ where: { id }, data: { stagingId: null } }),

    /** Forgets sessions that ended without a photo long ago. */
    forgetEnded: (before: Date) =>
      db.uploadSession.deleteMany({
        where: {
          status: { in: ['failed', 'aborted', 'expired'] },
          stagingId: null,
          expiresAt: { lt: before },
        },
      }),
  };
}
export type SessionRepository = ReturnType<typeof createSessionRepository>;
