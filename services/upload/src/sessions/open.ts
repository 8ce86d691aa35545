import {
  type AnswerOf,
  ARCHIVE_TYPE,
  announcedMimeType,
  type BodyOf,
  type endpoints,
  isArchiveType,
  type PhotoLifeState,
  storableDate,
} from '@lazyphotos/contracts';
import { partLength } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import { chunkSizeFor, MAX_FILE_BYTES, progressOf } from '../chunks/progress.js';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { findOrInsert, type KnownFile, type NewSession } from './find-or-insert.js';
import { replaceOldest } from './replace-oldest.js';
import { shapeOf } from './sessions.js';

type Announcement = BodyOf<typeof endpoints.createUploadSession>;
type Response = AnswerOf<typeof endpoints.createUploadSession>;

/** How often an insert is tried that another request wins: for the same hash, or for the place of the oldest session. */
const ATTEMPTS = 5;

/**
 * Finds the photo or archive if this user has the hash, else the open session for the hash, else opens a session. `importEntryId` is the
 * file of an archive that is being imported.
 * @throws ProblemError `unsupported_media_type`, `payload_too_large`, `upload_session_limit`; StorageFullError when the file does not fit
 */
export async function openSession(
  context: UploadContext,
  userId: string,
  body: Announcement,
  importEntryId: bigint | null = null,
): Promise<Response> {
  const { settings } = context;
  const isArchive = isArchiveType(body.mimeType);
  const mimeType = isArchive ? ARCHIVE_TYPE : announcedMimeType(body.mimeType);
  if (!mimeType) throw new ProblemError('unsupported_media_type', `${body.mimeType} is not accepted.`);
  const maxBytes = Math.min(isArchive ? settings.archiveMaxBytes : settings.uploadMaxBytes, MAX_FILE_BYTES);
  if (body.sizeBytes > maxBytes) {
    throw new ProblemError('payload_too_large', `Files may have up to ${maxBytes} bytes.`, {
      members: { maxBytes },
    });
  }
  return findOrOpen(context, newSession(context, userId, { ...body, mimeType }, importEntryId), body);
}

function newSession(
  { settings }: UploadContext,
  userId: string,
  body: Announcement,
  importEntryId: bigint | null,
): NewSession {
  const capturedAt = storableDate(body.capturedAt) ?? null;
  return {
    userId,
    importEntryId,
    mimeType: body.mimeType,
    deviceId: body.deviceId ?? null,
    hash: body.hash,
    sizeBytes: body.sizeBytes,
    fileName: body.fileName ?? body.hash.slice(0, 16),
    capturedAt,
    capturedAtSource: capturedAt && body.capturedAtSource,
    width: body.width ?? null,
    height: body.height ?? null,
    locationLat: body.locationLat ?? null,
    locationLon: body.locationLon ?? null,
    chunkSize: chunkSizeFor(body.sizeBytes, settings.chunkBytes),
  };
}

async function findOrOpen(context: UploadContext, fresh: NewSession, body: Announcement): Promise<Response> {
  const restore = body.restore === true;
  // The catalog is the first to know that a photo was purged: then its bytes are wanted, although its original is still recorded.
  let replace = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const left = await context.room.left();
    const limit = context.settings.openUploads;
    const options = { restore, limit, left };
    const announced = await findOrInsert(context, fresh, { ...options, replace });
    const { known, isAtLimit, isTooLarge } = announced;
    if (known) {
      const state = await stateOf(context, fresh, known, restore);
      if (state !== 'deleted' || !restore) return existingResponse(context, known, state, body);
      replace = true;
    }
    if (isTooLarge) throw await context.room.refusal(fresh.sizeBytes, 'session');
    let { open } = announced;
    if (!open && isAtLimit && fresh.importEntryId === null) {
      const replaced = await replaceOldest(context, fresh, { ...options, replace });
      if (!replaced) throw tooManyOpen(limit);
      open = replaced.open;
    }
    const session = open && (await reuse(context, open.session, fresh));
    if (session && open) {
      // It keeps its room since it was opened, but others may have filled the disk.
      const bytes = bytesToCome(session, open.indexes);
      if (left !== undefined && left < bytes) throw await context.room.refusal(bytes, 'session');
      return sessionResponse(context, session, open.indexes);
    }
  }
  throw new ProblemError('service_unavailable', 'Other requests for the same file are in the way.', {
    headers: { 'Retry-After': '1' },
  });
}

const tooManyOpen = (limit: number) =>
  new ProblemError(
    'upload_session_limit',
    `Complete or abort some first: ${limit} may be open, and too few of them are without bytes.`,
  );

function bytesToCome(session: UploadSession, stored: readonly number[]): number {
  const shape = shapeOf(session);
  return shape.size - stored.reduce((sum, index) => sum + partLength(shape, index), 0);
}

/** Resolves to the state of a photo or archive. Restores it if that was asked for. Only the catalog knows what is in the trash. */
async function stateOf(
  { catalog }: UploadContext,
  { userId, mimeType }: NewSession,
  { photoId, isPurged }: KnownFile,
  restore: boolean,
): Promise<PhotoLifeState> {
  if (isPurged) return 'deleted';
  if (isArchiveType(mimeType)) return 'active';
  const known = await catalog.photoState(userId, photoId);
  const state = known === 'trashed' && restore ? await catalog.restorePhoto(userId, photoId) : known;
  // The catalog learns of every upload by its event; until then the photo counts as active.
  return state === 'unknown' ? 'active' : state;
}

/** Resolves to an open session that the announced file can use. Ends it if it is overdue or was announced as something else. */
async function reuse(
  { sessions, now }: UploadContext,
  open: UploadSession,
  { sizeBytes, mimeType, importEntryId }: NewSession,
): Promise<UploadSession | undefined> {
  const isOverdue = open.expiresAt <= now();
  if (!isOverdue && Number(open.sizeBytes) === sizeBytes && open.mimeType === mimeType) {
    // When a client continues it, it is no background upload any more.
    if (open.importEntryId !== null && importEntryId === null) return sessions.takeFromImport(open.id);
    return open;
  }
  await sessions.tryDiscard(await sessions.end(open, isOverdue ? 'expired' : 'aborted'));
  return undefined;
}

function existingResponse(
  context: UploadContext,
  { photoId, sessionId }: KnownFile,
  photoState: PhotoLifeState,
  { sizeBytes }: Announcement,
): Response {
  return {
    uploadSessionId: sessionId,
    uploadUrl: urlOf(context, sessionId),
    chunkSize: chunkSizeFor(sizeBytes, context.settings.chunkBytes),
    alreadyExists: true,
    photoId,
    photoState,
    nextOffset: sizeBytes,
    expiresAt: context.now().toISOString(),
  };
}

function sessionResponse(
  context: UploadContext,
  session: UploadSession,
  stored: readonly number[],
): Response {
  return {
    uploadSessionId: session.id,
    uploadUrl: urlOf(context, session.id),
    chunkSize: session.chunkSize,
    alreadyExists: false,
    nextOffset: progressOf(shapeOf(session), stored).nextOffset,
    expiresAt: session.expiresAt.toISOString(),
  };
}

function urlOf({ publicUrl }: UploadContext, id: string): string {
  return `${publicUrl}/upload-sessions/${id}/chunks`;
}
