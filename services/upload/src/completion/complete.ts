import { endpoints, isArchiveType } from '@lazyphotos/contracts';
import { isObjectStoreError, partCount } from '@lazyphotos/object-storage';
import { ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import { progressOf } from '../chunks/progress.js';
import { JPEG, WRONG_HASH } from '../chunks/whole.js';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { isWhole, shapeOf, uploadEnded } from '../sessions/sessions.js';
import { announce, announceAgain } from './announce.js';
import { commitUpload } from './commit.js';
import { type Refusal, type Verification, verifyObject, verifyType } from './verify.js';

/** The largest number of gaps that a 409 lists. */
const MAX_LISTED = 100;

export function mountCompletionRoute({ mount }: ServiceApp, context: UploadContext): void {
  mount(endpoints.completeUpload, async ({ principal, params }) => {
    const { userId } = principal;
    return { photoId: await context.clients.during(() => completeUpload(context, userId, params.id)) };
  });
}

/** Resolves to the id of the photo or archive. @throws ProblemError when the file is not complete or not what was announced */
export function completeUpload(context: UploadContext, userId: string, sessionId: string): Promise<string> {
  return context.sessionLock.run(`${userId}:${sessionId}`, () => complete(context, userId, sessionId));
}

async function complete(context: UploadContext, userId: string, sessionId: string): Promise<string> {
  const { sessions } = context;
  const { session, indexes, etags } = await sessions.forCompletion(userId, sessionId);
  if (session.status === 'completed') {
    await announceAgain(context, session);
    return session.photoId;
  }
  if (session.status !== 'open') throw uploadEnded(session);
  try {
    requireAllChunks(session, indexes);
    const verified = await assembleAndVerify(context, session, etags);
    if ('refusal' in verified) return await refuse(context, session, verified.refusal);
    return await record(context, { ...session, mimeType: verified.mimeType });
  } catch (error) {
    // Another process may have completed it meanwhile and removed what this one was reading.
    const { status, photoId } = await sessions.latest(session);
    if (status === 'completed') return photoId;
    if (!isObjectStoreError(error, 'object_not_found', 'part_mismatch')) throw error;
    // The store does not have what was recorded: the session ends, so that the file can be announced and sent again.
    await sessions.end(session, 'failed', 'parts_lost');
    return endedElsewhere(context, session);
  }
}

/** @throws ProblemError `upload_incomplete` */
function requireAllChunks(session: UploadSession, indexes: readonly number[]): void {
  const shape = shapeOf(session);
  if (indexes.length === partCount(shape)) return;
  const { missing, nextOffset } = progressOf(shape, indexes);
  throw new ProblemError('upload_incomplete', `${missing.length} ranges are missing.`, {
    members: { missing: missing.slice(0, MAX_LISTED), nextOffset },
  });
}

async function assembleAndVerify(
  context: UploadContext,
  session: UploadSession,
  etags: readonly string[],
): Promise<Verification> {
  if (isWhole(session)) {
    if (etags.includes(WRONG_HASH)) return { refusal: 'hash_mismatch' };
    return verifyType(context, session, etags.includes(JPEG) ? JPEG : undefined);
  }
  const { store, sessions, prefixes } = context;
  const { hash, chunks } = prefixes.resume(session.id, etags);
  const upload = await sessions.stagedUpload(session);
  await store.completeUpload(
    upload,
    etags.map((etag, index) => ({ index, etag })),
  );
  const hashedBytes = Math.min(chunks * upload.partSize, upload.size);
  return verifyObject(context, session, { hash, hashedBytes });
}

async function refuse(context: UploadContext, session: UploadSession, refusal: Refusal): Promise<never> {
  const { sessions, prefixes, metrics } = context;
  metrics.outcomes.inc({ outcome: refusal });
  prefixes.forget(session.id);
  await sessions.tryDiscard(await sessions.end(session, 'failed', refusal));
  throw new ProblemError(refusal, textOf(refusal, session));
}

function textOf(refusal: Refusal, { mimeType }: UploadSession): string {
  switch (refusal) {
    case 'hash_mismatch':
      return 'The file is not the announced one; announce and send it again.';
    case 'unsupported_media_type':
      return `The content is not ${mimeType}.`;
    case 'malware_found':
      return 'The file holds malware and was not stored.';
  }
}

async function record(context: UploadContext, session: UploadSession): Promise<string> {
  const { sessions, prefixes, metrics, logger, now } = context;
  const uploadedAt = now();
  const result = await commitUpload(context, session, uploadedAt);
  if (result.kind === 'ended') return endedElsewhere(context, session);
  prefixes.forget(session.id);
  if (result.kind === 'duplicate') {
    metrics.outcomes.inc({ outcome: 'duplicate' });
    await sessions.tryDiscard(session);
    return result.photoId;
  }
  metrics.outcomes.inc({ outcome: 'ok' });
  const { photoId } = session;
  const bytes = Number(session.sizeBytes);
  if (isArchiveType(session.mimeType)) {
    logger.info('archive stored', { archiveId: photoId, bytes });
    return photoId;
  }
  await announce(context, session, uploadedAt);
  logger.info('upload completed', { photoId, bytes });
  return photoId;
}

/** For a session that has ended during this request: what was assembled is removed, unless another process has completed it. */
async function endedElsewhere({ sessions }: UploadContext, before: UploadSession): Promise<string> {
  const session = await sessions.discard(before);
  if (session.status === 'completed') return session.photoId;
  throw uploadEnded(session);
}
