import { Readable } from 'node:stream';
import { type BodyOf, type endpoints, type PhotoLifeState, photoTypeOf } from '@lazyphotos/contracts';
import { isProblem, ProblemError } from '@lazyphotos/service-kit';
import { chunkCount } from '../chunks/layout.js';
import type { StoreChunk } from '../chunks/store.js';
import type { CompleteUpload } from '../completion/complete.js';
import { createKeyedLock } from '../keyed-lock.js';
import type { UploadDb, UploadSession } from '../prisma.js';
import type { CreateSession } from '../sessions/create.js';
import type { SessionRepository } from '../sessions/repository.js';
import { layoutOf } from '../sessions/staging.js';
import { inChunks, readContent } from './read-entry.js';
import type { Settlement } from './settle.js';
import type { Space } from './space.js';

type Announcement = BodyOf<typeof endpoints.createUploadSession>;

/** What is announced of a photo, besides what its bytes say. */
export type PhotoAnnouncement = Pick<
  Announcement,
  'capturedAt' | 'capturedAtSource' | 'locationLat' | 'locationLon' | 'restore'
> & { fileName: string };

/** A file of an archive that may be a photo. */
export interface Candidate {
  id: bigint;
  userId: string;
  name: string;
  sizeBytes: number;
  /** Known when it was imported before, and where the photo was then if it is a duplicate. */
  photoId: string | null;
  photoState: PhotoLifeState | null;
  /** Whether it is the video of a live or motion photo. */
  isVideoOfPhoto: boolean;
  /** The unpacked bytes, from the beginning. */
  open: () => Promise<Readable>;
}

export interface ImportPhotoDeps {
  db: UploadDb;
  sessions: SessionRepository;
  createSession: CreateSession;
  storeChunk: StoreChunk;
  complete: CompleteUpload;
  space: Space;
  maxBytes: number;
}

/** Problems of the photo itself: the import goes on with the next one. */
const photoProblems = new Set([
  'hash_mismatch',
  'unsupported_media_type',
  'malware_found',
  'payload_too_large',
  'upload_ended',
  'invalid_request',
]);

/** Names of pictures and videos: what cannot be read under such a name is broken, and not just something else. */
const MEDIA_NAME =
  /\.(?:jpe?g|png|webp|gif|tiff?|hei[cf]|hif|avif|dng|cr[23]|nef|arw|raf|orf|rw2|mp4|mov|m4v|3gp|avi|mts|m2ts|mpe?g|wmv|mkv|webm|mp)$/i;

/** What an entry is that is no accepted photo. */
function notAPhoto(candidate: Candidate, sniffed: string | undefined): Settlement {
  const { id, name, isVideoOfPhoto } = candidate;
  if (sniffed?.startsWith('video/')) {
    const message = 'Videos are not stored by this version; it stays in the archive.';
    return { id, outcome: 'unsupported', code: isVideoOfPhoto ? 'video_of_photo' : 'video', message };
  }
  if (sniffed?.startsWith('image/')) {
    const message = `${sniffed} is not stored by this version; it stays in the archive.`;
    return { id, outcome: 'unsupported', code: 'unsupported_media_type', message };
  }
  if (MEDIA_NAME.test(name)) {
    const message = 'The content is neither a photo nor a video.';
    return { id, outcome: 'failed', code: 'unsupported_media_type', message };
  }
  return { id, outcome: 'ignored', code: 'not_a_photo' };
}

/**
 * Takes one file of an archive in, by the same way as an upload: announced by its hash, stored in chunks, verified. Resolves to what
 * became of it. Faults of the node, a full store among them, are thrown: the file is still to be imported.
 */
export type ImportPhoto = (candidate: Candidate, announcement: PhotoAnnouncement) => Promise<Settlement>;

export function createImportPhoto(deps: ImportPhotoDeps): ImportPhoto {
  const { db, sessions, createSession, storeChunk, complete, space, maxBytes } = deps;
  const hashLock = createKeyedLock();

  /** A photo that is there already may be here because an earlier attempt at the same entry brought it. */
  const existing = async (
    { id }: Candidate,
    photoId: string,
    photoState: Settlement['photoState'],
  ): Promise<Settlement> => {
    const original = await db.original.findUnique({ where: { photoId } });
    const session = original && (await db.uploadSession.findUnique({ where: { id: original.sessionId } }));
    return session?.importEntryId === id
      ? { id, outcome: 'imported', photoId }
      : { id, outcome: 'duplicate', photoId, photoState: photoState ?? 'active' };
  };

  const storeChunks = async (session: UploadSession, body: Readable): Promise<void> => {
    const layout = layoutOf(session);
    let index = 0;
    for await (const piece of inChunks(body, layout.chunkSize)) {
      if (index >= chunkCount(layout))
        throw new ProblemError('upload_ended', 'Another request has ended the upload.');
      const bytes = Readable.from(piece, { objectMode: false });
      if (await sessions.hasChunk(session.id, index)) await drain(bytes);
      else await storeChunk(session, index, bytes);
      index += 1;
    }
  };

  const take = async (candidate: Candidate, announcement: PhotoAnnouncement): Promise<Settlement> => {
    const { userId, name, sizeBytes } = candidate;
    const typeOf = (sniffed: string | undefined) => sniffed && photoTypeOf(sniffed, name);
    const { hash, sniffed } = await readContent(
      await candidate.open(),
      (type) => typeOf(type) !== undefined && sizeBytes <= maxBytes,
    );
    const mimeType = typeOf(sniffed);
    if (!mimeType) return notAPhoto(candidate, sniffed);
    if (sizeBytes > maxBytes)
      throw new ProblemError('payload_too_large', `Photos may have up to ${maxBytes} bytes.`);
    // Equal files share an upload session: one after the other, so that the second one finds the photo.
    return hashLock(`${userId}:${hash}`, () =>
      upload(candidate, { ...announcement, hash, sizeBytes, mimeType }),
    );
  };

  const upload = async (candidate: Candidate, announcement: Announcement): Promise<Settlement> => {
    const { id, userId, sizeBytes } = candidate;
    const answer = await createSession(userId, announcement, id);
    if (answer.alreadyExists && answer.photoId) return existing(candidate, answer.photoId, answer.photoState);
    const session = await sessions.find(userId, answer.uploadSessionId);
    if (!session) throw new ProblemError('service_unavailable', 'The upload session is gone.');
    await space.check(sizeBytes);
    await storeChunks(session, await candidate.open());
    const photoId = await complete(session);
    return existing(candidate, photoId, 'active');
  };

  return async (candidate, announcement) => {
    const { id, sizeBytes, photoId, photoState } = candidate;
    if (photoId) return existing(candidate, photoId, photoState ?? undefined);
    if (sizeBytes === 0) return { id, outcome: 'failed', code: 'empty_file', message: 'The file is empty.' };
    try {
      return await take(candidate, announcement).catch((error: unknown) => {
        // Its session was a client's, too, who has completed it or given it up meanwhile.
        if (!isProblem(error, 'upload_ended')) throw error;
        return take(candidate, announcement);
      });
    } catch (error) {
      if (!(error instanceof ProblemError) || !photoProblems.has(error.code)) throw error;
      return { id, outcome: 'failed', code: error.code, message: error.message };
    }
  };
}

async function drain(body: Readable): Promise<void> {
  for await (const _bytes of body);
}
