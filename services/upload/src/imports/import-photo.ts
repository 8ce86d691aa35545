import { Readable } from 'node:stream';
import { type BodyOf, type endpoints, type PhotoLifeState, photoTypeOf } from '@lazyphotos/contracts';
import { partCount } from '@lazyphotos/object-storage';
import { isProblem, ProblemError } from '@lazyphotos/service-kit';
import { storeChunk } from '../chunks/store.js';
import { completeUpload } from '../completion/complete.js';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { openSession } from '../sessions/open.js';
import { shapeOf } from '../sessions/sessions.js';
import { inChunks, readContent } from './read-entry.js';
import type { Settlement } from './settle.js';
import { checkSpace } from './space.js';

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
  /** Known when it was imported before; `photoState` when it is a duplicate. */
  photoId: string | null;
  photoState: PhotoLifeState | null;
  /** Whether it is the video of a live or motion photo. */
  isVideoOfPhoto: boolean;
  /** The unpacked bytes, from the beginning. */
  open: () => Promise<Readable>;
}

/** Problems of the photo itself: the import continues with the next one. */
const PHOTO_PROBLEMS = [
  'hash_mismatch',
  'unsupported_media_type',
  'malware_found',
  'payload_too_large',
  'upload_ended',
  'invalid_request',
] as const;

/** Names of pictures and videos: an unreadable file with such a name is broken, not of another kind. */
const MEDIA_NAME =
  /\.(?:jpe?g|png|webp|gif|tiff?|hei[cf]|hif|avif|dng|cr[23]|nef|arw|raf|orf|rw2|mp4|mov|m4v|3gp|avi|mts|m2ts|mpe?g|wmv|mkv|webm|mp)$/i;

/** Returns the outcome of an entry that is not an accepted photo. */
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
 * Imports one file of an archive in the same way as an upload: it is announced by its hash, stored in chunks, verified. Resolves to what
 * became of it. Faults of the node, such as a full store, are thrown: the file is still to be imported.
 */
export async function importPhoto(
  context: UploadContext,
  candidate: Candidate,
  announcement: PhotoAnnouncement,
): Promise<Settlement> {
  const { id, sizeBytes, photoId, photoState } = candidate;
  if (photoId) return existing(context, candidate, photoId, photoState ?? undefined);
  if (sizeBytes === 0) return { id, outcome: 'failed', code: 'empty_file', message: 'The file is empty.' };
  try {
    return await importUnknown(context, candidate, announcement).catch((error: unknown) => {
      // A client used the same session, and has completed or aborted it meanwhile.
      if (!isProblem(error, 'upload_ended')) throw error;
      return importUnknown(context, candidate, announcement);
    });
  } catch (error) {
    if (!isProblem(error, ...PHOTO_PROBLEMS)) throw error;
    return { id, outcome: 'failed', code: error.code, message: error.message };
  }
}

/** A photo that exists already may be there because an earlier attempt at the same entry stored it. */
async function existing(
  { db }: UploadContext,
  { id }: Candidate,
  photoId: string,
  photoState: Settlement['photoState'],
): Promise<Settlement> {
  const original = await db.original.findUnique({ where: { photoId } });
  const session = original && (await db.uploadSession.findUnique({ where: { id: original.sessionId } }));
  return session?.importEntryId === id
    ? { id, outcome: 'imported', photoId }
    : { id, outcome: 'duplicate', photoId, photoState: photoState ?? 'active' };
}

async function importUnknown(
  context: UploadContext,
  candidate: Candidate,
  announcement: PhotoAnnouncement,
): Promise<Settlement> {
  const { userId, name, sizeBytes } = candidate;
  const maxBytes = context.settings.uploadMaxBytes;
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
  return context.importLock.run(`${userId}:${hash}`, () =>
    upload(context, candidate, { ...announcement, hash, sizeBytes, mimeType }),
  );
}

async function upload(
  context: UploadContext,
  candidate: Candidate,
  announcement: Announcement,
): Promise<Settlement> {
  const { id, userId, sizeBytes } = candidate;
  const opened = await openSession(context, userId, announcement, id);
  if (opened.alreadyExists && opened.photoId)
    return existing(context, candidate, opened.photoId, opened.photoState);
  const session = await context.sessions.getOrThrow(userId, opened.uploadSessionId);
  await checkSpace(context, sizeBytes);
  await storeChunks(context, session, await candidate.open());
  const photoId = await completeUpload(context, userId, session.id);
  return existing(context, candidate, photoId, 'active');
}

async function storeChunks(context: UploadContext, session: UploadSession, body: Readable): Promise<void> {
  const shape = shapeOf(session);
  let index = 0;
  for await (const piece of inChunks(body, shape.partSize)) {
    if (index >= partCount(shape))
      throw new ProblemError('upload_ended', 'Another request has ended the upload.');
    const bytes = Readable.from(piece, { objectMode: false });
    if (await context.sessions.hasChunk(session.id, index)) await drain(bytes);
    else await storeChunk(context, session, index, bytes);
    index += 1;
  }
}

async function drain(body: Readable): Promise<void> {
  for await (const _bytes of body);
}
