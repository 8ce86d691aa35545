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
import { ProblemError } from '@lazyphotos/service-kit';
import { chunkSizeFor, MAX_FILE_BYTES, progressOf } from '../chunks/progress.js';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { shapeOf } from './sessions.js';

type Announcement = BodyOf<typeof endpoints.createUploadSession>;
type Response = AnswerOf<typeof endpoints.createUploadSession>;

/** How often an insert is tried that another request for the same hash wins. */
const ATTEMPTS = 5;

interface Existing {
  photoId: string;
  sessionId: string;
  state: PhotoLifeState;
}

/** What a new session needs besides the announcement. */
interface Opening {
  userId: string;
  mimeType: string;
  /** The purged photo whose bytes come back. */
  replaces: string | null;
  importEntryId: bigint | null;
}

/**
 * Finds the photo or archive if this user has the hash, else the open session for the hash, else opens a session. `importEntryId` is the
 * file of an archive that is being imported.
 * @throws ProblemError `unsupported_media_type`, `payload_too_large`
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
  const existing = await (isArchive ? findArchive : findPhoto)(context, userId, body);
  const bytesWanted = existing?.state === 'deleted' && body.restore === true;
  if (existing && !bytesWanted) return existingResponse(context, existing, body);
  const replaces = existing?.photoId ?? null;
  const session = await findOrInsert(context, body, { userId, mimeType, replaces, importEntryId });
  return sessionResponse(context, session);
}

/** Finds what this user has under the hash, and restores it if that was asked for. Only the catalog knows what is in the trash. */
async function findPhoto(
  { db, catalog }: UploadContext,
  userId: string,
  { hash, restore }: Announcement,
): Promise<Existing | undefined> {
  const original = await db.original.findUnique({ where: { userId_hash: { userId, hash } } });
  if (!original) return undefined;
  const { photoId, sessionId } = original;
  if (original.purgedAt) return { photoId, sessionId, state: 'deleted' };
  const known = await catalog.photoState(userId, photoId);
  const state = known === 'trashed' && restore ? await catalog.restorePhoto(userId, photoId) : known;
  // The catalog learns of every upload by its event; until then the photo counts as active.
  return { photoId, sessionId, state: state === 'unknown' ? 'active' : state };
}

async function findArchive(
  { db }: UploadContext,
  userId: string,
  { hash }: Announcement,
): Promise<Existing | undefined> {
  const archive = await db.archive.findUnique({ where: { userId_hash: { userId, hash } } });
  return archive ? { photoId: archive.id, sessionId: archive.sessionId, state: 'active' } : undefined;
}

async function findOrInsert(
  context: UploadContext,
  body: Announcement,
  opening: Opening,
): Promise<UploadSession> {
  const { sessions, settings } = context;
  const capturedAt = storableDate(body.capturedAt) ?? null;
  // Another request for the same hash may win the insert; then its session is used.
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const open = await findReusable(context, body, opening);
    if (open) return open;
    const inserted = await sessions.insert({
      ...opening,
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
    });
    if (inserted) return inserted;
  }
  throw new ProblemError('service_unavailable', 'Other requests for the same file are in the way.', {
    headers: { 'Retry-After': '1' },
  });
}

/** Finds the open session for this hash. One that is overdue or was announced as something else is ended instead. */
async function findReusable(
  { sessions, now }: UploadContext,
  body: Announcement,
  { userId, mimeType, importEntryId }: Opening,
): Promise<UploadSession | undefined> {
  const open = await sessions.findOpen({ userId, hash: body.hash, mimeType });
  if (!open) return undefined;
  const isOverdue = open.expiresAt <= now();
  if (!isOverdue && Number(open.sizeBytes) === body.sizeBytes && open.mimeType === mimeType) {
    // When a client continues it, it is no background upload any more.
    if (open.importEntryId !== null && importEntryId === null) return sessions.takeFromImport(open.id);
    return open;
  }
  await sessions.tryDiscard(await sessions.end(open, isOverdue ? 'expired' : 'aborted'));
  return undefined;
}

function existingResponse(context: UploadContext, existing: Existing, { sizeBytes }: Announcement): Response {
  return {
    uploadSessionId: existing.sessionId,
    uploadUrl: urlOf(context, existing.sessionId),
    chunkSize: chunkSizeFor(sizeBytes, context.settings.chunkBytes),
    alreadyExists: true,
    photoId: existing.photoId,
    photoState: existing.state,
    nextOffset: sizeBytes,
    expiresAt: context.now().toISOString(),
  };
}

async function sessionResponse(context: UploadContext, session: UploadSession): Promise<Response> {
  return {
    uploadSessionId: session.id,
    uploadUrl: urlOf(context, session.id),
    chunkSize: session.chunkSize,
    alreadyExists: false,
    nextOffset: progressOf(shapeOf(session), await context.sessions.chunks(session.id)).nextOffset,
    expiresAt: session.expiresAt.toISOString(),
  };
}

function urlOf({ publicUrl }: UploadContext, id: string): string {
  return `${publicUrl}/upload-sessions/${id}/chunks`;
}
