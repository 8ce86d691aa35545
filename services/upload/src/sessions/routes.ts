import { endpoints } from '@lazyphotos/contracts';
import { ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import { progressOf } from '../chunks/progress.js';
import type { UploadContext } from '../context.js';
import { openSession } from './open.js';
import { shapeOf } from './sessions.js';

/** Chunks and completion have their routes in their own folders. */
export function mountSessionRoutes({ mount }: ServiceApp, context: UploadContext): void {
  const { sessions } = context;

  mount(endpoints.createUploadSession, ({ principal, body }) => openSession(context, principal.userId, body));

  mount(endpoints.getUploadSession, async ({ principal, params }) => {
    const { session, indexes } = await sessions.forCompletion(principal.userId, params.id);
    const { size: sizeBytes, partSize: chunkSize } = shapeOf(session);
    const status = session.status as 'open';
    const expiresAt = session.expiresAt.toISOString();
    if (session.status === 'completed') {
      const received = [{ offset: 0, length: sizeBytes }];
      const { photoId } = session;
      return { status, sizeBytes, chunkSize, nextOffset: sizeBytes, received, expiresAt, photoId };
    }
    const { received, nextOffset } = progressOf(shapeOf(session), indexes);
    return { status, sizeBytes, chunkSize, nextOffset, received, expiresAt };
  });

  mount(endpoints.abortUpload, async ({ principal, params }) => {
    const session = await sessions.getOrThrow(principal.userId, params.id);
    const ended = await sessions.end(session, 'aborted');
    if (ended.status === 'completed')
      throw new ProblemError('upload_ended', 'The upload is complete already.');
    // Also when it had ended before: an earlier attempt may have stopped half-way.
    await sessions.discard(ended);
    return undefined;
  });
}
