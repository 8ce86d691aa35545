import { isArchiveType } from '@lazyphotos/contracts';
import { run, type SqlRunner } from '@lazyphotos/database';
import { partCount } from '@lazyphotos/object-storage';
import { newId } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { ANNOUNCE, type AnnouncedRow, type SessionRow, toSession } from './queries.js';
import { storageKeyOf, WHOLE } from './sessions.js';

/** `importEntryId`: the file of an archive that is being imported; null for uploads of clients. */
export type NewSession = Pick<
  UploadSession,
  | 'userId'
  | 'deviceId'
  | 'hash'
  | 'mimeType'
  | 'fileName'
  | 'capturedAt'
  | 'capturedAtSource'
  | 'width'
  | 'height'
  | 'locationLat'
  | 'locationLon'
  | 'chunkSize'
  | 'importEntryId'
> & { sizeBytes: number };

/** What a user has under an announced hash. */
export interface KnownFile {
  photoId: string;
  sessionId: string;
  isPurged: boolean;
}

export interface AnnounceOptions {
  restore: boolean;
  replace: boolean;
  /** How many sessions a user may have open. */
  limit: number;
  /** What may still be written to the disk; undefined when there is no limit. */
  left: number | undefined;
}

export interface Announced {
  known: KnownFile | undefined;
  /** The open session for the hash, which may be new, with the indexes of its stored chunks. */
  open: { session: UploadSession; indexes: readonly number[] } | undefined;
  /** Whether a session may be opened, as far as the user's files are concerned. */
  isWanted: boolean;
  /** Whether the user has as many open sessions as may be. */
  isAtLimit: boolean;
  /** A wanted session would have been opened, if the file fitted beside what open sessions have still to send. */
  isTooLarge: boolean;
}

/** How long after its last chunk an open session keeps room for what it has still to send: nobody blocks the others by announcements. */
const COUNTED_MS = 86_400_000;

/**
 * Finds what the user has under the hash of a new session, and the open session for it. Inserts the new one when neither is there; over a
 * purged file with `restore`, over any with `replace`, unless a client has `limit` open ones. Resolves to neither when another request has
 * just inserted one. Without a transaction it is one statement of its own.
 */
export async function findOrInsert(
  context: Pick<UploadContext, 'database' | 'sessions' | 'now'>,
  fresh: NewSession,
  options: AnnounceOptions,
  tx?: SqlRunner,
): Promise<Announced> {
  const values = valuesOf(context, fresh, options);
  const [row] = tx
    ? await tx.$queryRawUnsafe<AnnouncedRow[]>(ANNOUNCE.text, ...values)
    : await run(context.database, ANNOUNCE, values);
  if (!row) throw new Error('the statement returns one row');
  return toAnnounced(row, options);
}

function valuesOf(
  { sessions, now }: Pick<UploadContext, 'sessions' | 'now'>,
  fresh: NewSession,
  { restore, replace, limit, left }: AnnounceOptions,
): unknown[] {
  const photoId = newId();
  const expiresAt = sessions.expiry();
  return [
    newId(),
    fresh.userId,
    fresh.deviceId,
    fresh.hash,
    fresh.sizeBytes,
    fresh.mimeType,
    fresh.fileName,
    fresh.capturedAt,
    fresh.capturedAtSource,
    fresh.width,
    fresh.height,
    fresh.locationLat,
    fresh.locationLon,
    fresh.chunkSize,
    openKeyOf(fresh),
    photoId,
    storageKeyOf({ ...fresh, photoId }),
    fresh.importEntryId,
    now(),
    expiresAt,
    partCount({ size: fresh.sizeBytes, partSize: fresh.chunkSize }) === 1 ? WHOLE : null,
    isArchiveType(fresh.mimeType),
    restore,
    replace,
    limit,
    left ?? null,
    new Date(expiresAt.getTime() - COUNTED_MS),
  ];
}

function toAnnounced(row: AnnouncedRow, { restore, replace }: AnnounceOptions): Announced {
  const { knownPhotoId, knownSessionId, isPurged, isAtLimit, isTooLarge, indexes, ...session } = row;
  const isKnown = knownPhotoId !== null && knownSessionId !== null;
  const isWanted = !isKnown || replace || (restore && isPurged === true);
  return {
    known: isKnown
      ? { photoId: knownPhotoId, sessionId: knownSessionId, isPurged: isPurged === true }
      : undefined,
    isWanted,
    isTooLarge: isTooLarge === true && isWanted,
    open: session.id === null ? undefined : { session: toSession(session as SessionRow), indexes },
    isAtLimit,
  };
}

/** Photos and archives are apart: the same hash may be announced as either. */
function openKeyOf({ userId, hash, mimeType }: NewSession): string {
  return isArchiveType(mimeType) ? `${userId}:archive:${hash}` : `${userId}:${hash}`;
}
