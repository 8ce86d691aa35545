import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { endpoints } from '@lazyphotos/contracts';
import { partIndexAt, partLength } from '@lazyphotos/object-storage';
import { ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { UploadSession } from '../prisma.js';
import { shapeOf, uploadEnded } from '../sessions/sessions.js';
import { progressOf, wrongLength } from './progress.js';
import { storeChunk } from './store.js';
import type { DigestCheck } from './whole.js';

const NAMES_SHA256 = /(?:^|,)\s*sha-256\s*(?:[=;,]|$)/;
const SHA256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/;

export function mountChunkRoute({ mount }: ServiceApp, context: UploadContext): void {
  mount(endpoints.putChunk, async ({ principal, params, query, req }) => {
    const { userId } = principal;
    const { offset } = query;
    await context.clients.during(() =>
      // Before the session is read, so that what is read stays true until the chunk is stored.
      context.chunkLock.acquire(`${userId}:${params.id}:${offset}`, req, async () => {
        const { session, hasChunk } = await context.sessions.forChunk(userId, params.id, offset);
        await putChunk(context, session, offset, hasChunk, req);
      }),
    );
    return undefined;
  });
}

/** Receives one chunk. A chunk that is stored already is never written again, so what was hashed stays what is stored. */
async function putChunk(
  context: UploadContext,
  session: UploadSession,
  offset: number,
  hasChunk: boolean,
  req: IncomingMessage,
): Promise<void> {
  try {
    const isComplete = session.status === 'completed';
    if (!isComplete && session.status !== 'open') throw uploadEnded(session);
    checkContent(req);
    const shape = shapeOf(session);
    const index = partIndexAt(shape, offset);
    if (index === undefined) throw await offsetMismatch(context, session);
    const contentLength = req.headers['content-length'];
    if (contentLength !== undefined && Number(contentLength) !== partLength(shape, index))
      throw wrongLength(shape, index);
    if (isComplete || hasChunk) await skip(session, index, req);
    else await storeChunk(context, session, index, req, digestCheckOf(req));
  } catch (error) {
    throw asClientFault(req, error);
  }
}

function checkContent({ headers }: IncomingMessage): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/octet-stream') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent as application/octet-stream.');
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Chunks are sent without Content-Encoding.');
  }
}

async function offsetMismatch({ sessions }: UploadContext, session: UploadSession): Promise<ProblemError> {
  const shape = shapeOf(session);
  const { indexes } = await sessions.forCompletion(session.userId, session.id);
  const { nextOffset: expectedOffset } = progressOf(shape, indexes);
  return new ProblemError('offset_mismatch', 'Chunks start at multiples of chunkSize, inside the file.', {
    members: { expectedOffset, sizeBytes: shape.size, chunkSize: shape.partSize },
  });
}

/**
 * Reads a chunk that is stored already to its end, so that the connection can be used again. Nothing of it is kept, but a repetition
 * that could not have been stored must not be called stored.
 * @throws ProblemError `offset_mismatch`, `chunk_digest_mismatch`
 */
async function skip(session: UploadSession, index: number, req: IncomingMessage): Promise<void> {
  const shape = shapeOf(session);
  const length = partLength(shape, index);
  const digest = digestCheckOf(req);
  let received = 0;
  for await (const bytes of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += bytes.length;
    if (received > length) break;
    digest?.update(bytes);
  }
  if (received !== length) throw wrongLength(shape, index);
  digest?.verify();
}

/**
 * Returns the check that an optional `Content-Digest` header (RFC 9530) asks for. Other algorithms are ignored, as the standard demands;
 * a header that names sha-256 and is malformed is refused.
 */
function digestCheckOf(req: IncomingMessage): DigestCheck | undefined {
  const header = req.headers['content-digest'] as string | undefined;
  if (header === undefined || !NAMES_SHA256.test(header)) return undefined;
  const expected = SHA256.exec(header)?.[1];
  if (!expected) throw new ProblemError('invalid_request', 'Content-Digest must be sha-256=:<base64>:.');
  const hash = createHash('sha256');
  return {
    update: (bytes) => hash.update(bytes),
    verify: () => {
      if (hash.digest('base64') !== expected)
        throw new ProblemError('chunk_digest_mismatch', 'The chunk changed on its way; send it again.');
    },
  };
}

/** A client that has closed the connection gets no response, and its leaving is not an error that an operator should look into. */
function asClientFault(req: IncomingMessage, error: unknown): unknown {
  const isGone = req.destroyed && !req.complete && !(error instanceof ProblemError);
  return isGone ? new ProblemError('invalid_request', 'The connection was lost.') : error;
}
