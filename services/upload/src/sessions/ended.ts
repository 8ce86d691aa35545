import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadSession } from '../prisma.js';
import type { SessionRepository } from './repository.js';

/** What a request to a session gets that ended without a photo. */
export const uploadEnded = ({ status, failureCode }: UploadSession): ProblemError =>
  new ProblemError('upload_ended', 'The upload session has ended; announce the file again.', {
    members: { uploadStatus: status, ...(failureCode ? { failureCode } : {}) },
  });

/** The same for a session that ended after the caller had read its row. */
export const endedSince = async (
  sessions: SessionRepository,
  { userId, id }: UploadSession,
): Promise<ProblemError> => {
  const session = await sessions.find(userId, id);
  return session ? uploadEnded(session) : new ProblemError('upload_ended', 'The upload session has ended.');
};
