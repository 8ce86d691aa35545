import {
  type AnswerOf,
  ARCHIVE_TYPE,
  announcedMimeType,
  type BodyOf,
  type CatalogApi,
  type endpoints,
  isArchiveType,
  type PhotoLifeState,
  storableDate,
} from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import { chunkSizeFor, MAX_FILE_BYTES, progressOf } from '../chunks/layout.js';
import type { UploadDb, UploadSession } from '../prisma.js';
import type { SessionRepository } from './repository.js';
import { layoutOf, type Staging } from './staging.js';

type Announcement = BodyOf<typeof endpoints.createUploadSession>;
type Answer = AnswerOf<typeof endpoints.createUploadSession>;

export interface CreateSessionDeps {
  db: UploadDb;
  sessions: SessionRepository;
  staging: Staging;
  catalog: CatalogApi;
  /** Of a photo, and of an archive. */
  maxBytes: number;
  archiveMaxBytes: number;
  chunkSize: number;
  publicUrl: string;
  now: () => Date;
}

interface Existing {
  photoId: string;
  sessionId: string;
  state: PhotoLifeState;
}

/** Hash first: finds the photo or the archive if this user has it, else the open session for its hash, else opens one. */
export function createCreateSession(deps: CreateSessionDeps) {
  const { db, sessions, staging, catalog, publicUrl, now } = deps;
  const urlOf = (id: string) => `${publicUrl}/upload-sessions/${id}/chunks`;

  /** What this user has under the hash, after a restore that was asked for. Only the catalog knows what is in the trash. */
  const findExisting = async (
    userId: string,
    { hash, restore }: Announcement,
  ): Promise<Existing | undefined> => {
    const original = await db.original.findUnique({ where: { userId_hash: { userId, hash } } });
    if (!original) return undefined;
    const { photoId, sessionId } = original;
    if (original.purgedAt) return { photoId, sessionId, state: 'deleted' };
    const known = await catalog.photoState(userId, photoId);
    const state = known === 'trashed' && restore ? await catalog.restorePhoto(userId, photoId) : known;
    // The catalog hears of every upload in the end; until then the photo is as good as there.
    return { photoId, sessionId, state: state === 'unknown' ? 'active' : state };
  };

  const findArchive = async (userId: string, hash: string): Promise<Existing | undefined> => {
    const archive = await db.archive.findUnique({ where: { userId_hash: { userId, hash } } });
    return archive ? { photoId: archive.id, sessionId: archive.sessionId, state: 'active' } : undefined;
  };

  const existsAnswer = (existing: Existing, { sizeBytes }: Announcement): Answer => ({
    uploadSessionId: existing.sessionId,
    uploadUrl: urlOf(existing.sessionId),
    chunkSize: chunkSizeFor(sizeBytes, deps.chunkSize),
    alreadyExists: true,
    photoId: existing.photoId,
    photoState: existing.state,
    nextOffset: sizeBytes,
    expiresAt: now().toISOString(),
  });

  const sessionAnswer = async (session: UploadSession): Promise<Answer> => {
    const chunks = await sessions.chunks(session.id);
    const layout = layoutOf(session);
    const { nextOffset } = progressOf(
      layout,
      chunks.map((chunk) => chunk.index),
    );
    return {
      uploadSessionId: session.id,
      uploadUrl: urlOf(session.id),
      chunkSize: session.chunkSize,
      alreadyExists: false,
      nextOffset,
      expiresAt: session.expiresAt.toISOString(),
    };
  };

  /** The open session for this hash, unless it is overdue or was announced as something else; then it is ended. */
  const reusable = async (
    userId: string,
    body: Announcement,
    mimeType: string,
    importEntryId: bigint | null,
  ): Promise<UploadSession | undefined> => {
    const open = await sessions.findOpen({ userId, hash: body.hash, mimeType });
    if (!open) return undefined;
    const overdue = open.expiresAt <= now();
    if (!overdue && Number(open.sizeBytes) === body.sizeBytes && open.mimeType === mimeType) {
      // What a client goes on with is no background upload any more.
      if (open.importEntryId !== null && importEntryId === null) return sessions.takeFromImport(open.id);
      return open;
    }
    if (await sessions.end(open.id, overdue ? 'expired' : 'aborted')) await staging.tryDiscard(open);
    return undefined;
  };

  const openSession = async (
    userId: string,
    body: Announcement,
    mimeType: string,
    replaces: string | null,
    importEntryId: bigint | null,
  ) => {
    const capturedAt = storableDate(body.capturedAt) ?? null;
    // Another request for the same hash may win the insert; then its session is ours, too.
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const open = await reusable(userId, body, mimeType, importEntryId);
      if (open) return open;
      const inserted = await sessions.insert({
        userId,
        deviceId: body.deviceId ?? null,
        hash: body.hash,
        sizeBytes: body.sizeBytes,
        mimeType,
        fileName: body.fileName ?? body.hash.slice(0, 16),
        capturedAt,
        capturedAtSource: capturedAt && body.capturedAtSource,
        width: body.width ?? null,
        height: body.height ?? null,
        locationLat: body.locationLat ?? null,
        locationLon: body.locationLon ?? null,
        replaces,
        importEntryId,
        chunkSize: chunkSizeFor(body.sizeBytes, deps.chunkSize),
      });
      if (inserted) return inserted;
    }
    throw new ProblemError('service_unavailable', 'Other requests for the same file are in the way.', {
      headers: { 'Retry-After': '1' },
    });
  };

  return async (userId: string, body: Announcement, importEntryId: bigint | null = null): Promise<Answer> => {
    const isArchive = isArchiveType(body.mimeType);
    const mimeType = isArchive ? ARCHIVE_TYPE : announcedMimeType(body.mimeType);
    if (!mimeType) throw new ProblemError('unsupported_media_type', `${body.mimeType} is not accepted.`);
    const maxBytes = Math.min(isArchive ? deps.archiveMaxBytes : deps.maxBytes, MAX_FILE_BYTES);
    if (body.sizeBytes > maxBytes) {
      throw new ProblemError('payload_too_large', `Files may have up to ${maxBytes} bytes.`, {
        members: { maxBytes },
      });
    }
    const existing = isArchive ? await findArchive(userId, body.hash) : await findExisting(userId, body);
    const bytesWanted = existing?.state === 'deleted' && body.restore === true;
    if (existing && !bytesWanted) return existsAnswer(existing, body);
    return sessionAnswer(await openSession(userId, body, mimeType, existing?.photoId ?? null, importEntryId));
  };
}

export type CreateSession = ReturnType<typeof createCreateSession>;
