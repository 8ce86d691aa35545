import { endpoints } from '@lazyphotos/contracts';
import { notFound, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import { progressOf } from '../chunks/layout.js';
import type { PutChunk } from '../chunks/put.js';
import type { CompleteUpload } from '../completion/complete.js';
import type { UploadSession } from '../prisma.js';
import type { createCreateSession } from './create.js';
import type { SessionRepository } from './repository.js';
import { layoutOf, type Staging } from './staging.js';

export interface SessionRoutesDeps {
  sessions: SessionRepository;
  staging: Staging;
  createSession: ReturnType<typeof createCreateSession>;
  putChunk: PutChunk;
  complete: CompleteUpload;
}

/** The public API of upload sessions. */
export function mountSessionRoutes({ mount }: ServiceApp, deps: SessionRoutesDeps): void {
  const { sessions, staging, createSession, putChunk, complete } = deps;

  const findOrThrow = async (userId: string, id: string): Promise<UploadSession> => {
    const session = await sessions.find(userId, id);
    if (!session) throw notFound('upload session');
    return session;
  };

  mount(endpoints.createUploadSession, ({ principal, body }) => createSession(principal.userId, body));

  mount(endpoints.getUploadSession, async ({ principal, params }) => {
    const session = await findOrThrow(principal.userId, params.id);
    const done = session.status === 'completed';
    const layout = layoutOf(session);
    const stored = done ? [] : (await sessions.chunks(session.id)).map((chunk) => chunk.index);
    const { received, nextOffset } = progressOf(layout, stored);
    const all = [{ offset: 0, length: layout.sizeBytes }];
    return {
      status: session.status as 'open',
      ...layout,
      nextOffset: done ? layout.sizeBytes : nextOffset,
      received: done ? all : received,
      expiresAt: session.expiresAt.toISOString(),
      ...(done ? { photoId: session.photoId } : {}),
    };
  });

  mount(endpoints.putChunk, async ({ principal, params, query, req }) => {
    await putChunk(await findOrThrow(principal.userId, params.id), query.offset, req);
    return undefined;
  });

  mount(endpoints.completeUpload, async ({ principal, params }) => ({
    photoId: await complete(await findOrThrow(principal.userId, params.id)),
  }));

  mount(endpoints.abortUpload, async ({ principal, params }) => {
    const session = await findOrThrow(principal.userId, params.id);
    const ended = await sessions.end(session.id, 'aborted');
    // Another request may have completed it by now. Otherwise a first try to end it may have stopped half-way.
    const { status } = ended ? { status: 'aborted' } : await findOrThrow(principal.userId, params.id);
    if (status === 'completed') throw new ProblemError('upload_ended', 'The upload is complete already.');
    await staging.discard(session);
    return undefined;
  });
}
