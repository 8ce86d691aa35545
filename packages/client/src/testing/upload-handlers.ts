import { createHash } from 'node:crypto';
import { isArchiveType } from '@lazyphotos/contracts';
import { type FakeCall, type FakeHandler, FakeProblem, found, readBody } from './answer.js';
import { addArchive, addPhoto, type FakeState, type FakeUpload, uuid } from './fake-state.js';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

function nextOffset({ chunks }: FakeUpload): number {
  let offset = 0;
  for (let chunk = chunks.get(0); chunk !== undefined; chunk = chunks.get(offset)) offset += chunk.length;
  return offset;
}

const userIdOf = ({ state, email }: FakeCall): string => found(state.accounts.get(email)).user.id;

function openUpload(call: FakeCall, userId: string): FakeUpload {
  const { state, body } = call;
  const open = [...state.uploads.values()].find(
    ({ hash, status, userId: owner }) => hash === body.hash && status === 'open' && owner === userId,
  );
  if (open !== undefined) return open;
  const upload: FakeUpload = {
    id: uuid(),
    userId,
    hash: body.hash,
    sizeBytes: body.sizeBytes,
    mimeType: body.mimeType,
    fileName: body.fileName ?? body.hash,
    capturedAt: body.capturedAt,
    capturedAtSource: body.capturedAt === undefined ? undefined : body.capturedAtSource,
    locationLat: body.locationLat,
    locationLon: body.locationLon,
    status: 'open',
    chunks: new Map(),
  };
  state.uploads.set(upload.id, upload);
  return upload;
}

function createUploadSession(call: FakeCall) {
  const { state, body } = call;
  const userId = userIdOf(call);
  const archive = [...state.archives.values()].find(({ hash }) => hash === body.hash);
  if (archive !== undefined)
    return { ...sessionOf(call, uuid()), alreadyExists: true, photoId: archive.id, photoState: 'active' };
  const existing = [...state.photos.values()].find(
    ({ photo }) => photo.hash === body.hash && photo.userId === userId,
  );
  if (existing?.state === 'trashed' && body.restore === true) existing.state = 'active';
  const alreadyExists = existing !== undefined && (existing.state !== 'deleted' || body.restore !== true);
  const upload = alreadyExists ? undefined : openUpload(call, userId);
  return {
    ...sessionOf(call, upload?.id ?? uuid()),
    alreadyExists,
    ...(alreadyExists ? { photoId: existing.photo.id, photoState: existing.state } : {}),
    nextOffset: upload === undefined ? 0 : nextOffset(upload),
  };
}

const sessionOf = ({ state, baseUrl }: FakeCall, id: string) => ({
  uploadSessionId: id,
  uploadUrl: `${baseUrl}/upload-sessions/${id}/chunks`,
  chunkSize: state.chunkSize,
  nextOffset: 0,
  expiresAt: inAnHour(),
});

function getUploadSession({ state, params }: FakeCall) {
  const upload = found(state.uploads.get(params.id ?? ''));
  return {
    status: upload.status,
    sizeBytes: upload.sizeBytes,
    chunkSize: state.chunkSize,
    nextOffset: nextOffset(upload),
    received: [...upload.chunks].map(([offset, { length }]) => ({ offset, length })),
    expiresAt: inAnHour(),
  };
}

async function putChunk({ state, params, query, req, fault }: FakeCall): Promise<void> {
  const upload = found(state.uploads.get(params.id ?? ''));
  if (upload.status !== 'open') throw new FakeProblem('upload_ended');
  const offset = Number(query.get('offset'));
  const expected = Math.min(state.chunkSize, upload.sizeBytes - offset);
  if (offset % state.chunkSize !== 0 || Number(req.headers['content-length']) !== expected) {
    throw new FakeProblem('offset_mismatch', {
      detail: `expected ${expected} bytes at a multiple of ${state.chunkSize}`,
    });
  }
  const bytes = await readBody(req);
  if (fault !== undefined && 'loseChunk' in fault) return;
  upload.chunks.set(offset, bytes);
  state.chunkBytes += bytes.length;
}

function completeUpload({ state, params }: FakeCall) {
  const upload = found(state.uploads.get(params.id ?? ''));
  if (upload.status === 'completed') return { photoId: upload.photoId };
  if (upload.status !== 'open') throw new FakeProblem('upload_ended');
  if (nextOffset(upload) !== upload.sizeBytes) throw new FakeProblem('upload_incomplete');
  return { photoId: keep(state, upload) };
}

function keep(state: FakeState, upload: FakeUpload): string {
  const bytes = Buffer.concat([...upload.chunks].toSorted(([a], [b]) => a - b).map(([, chunk]) => chunk));
  if (createHash('sha256').update(bytes).digest('hex') !== upload.hash) {
    upload.status = 'failed';
    throw new FakeProblem('hash_mismatch');
  }
  upload.status = 'completed';
  if (isArchiveType(upload.mimeType)) {
    upload.photoId = addArchive(state, { ...upload, sizeBytes: bytes.length }).id;
    return upload.photoId;
  }
  for (const [id, { photo }] of state.photos) {
    if (photo.hash === upload.hash && photo.userId === upload.userId) state.photos.delete(id);
  }
  const photo = addPhoto(state, { ...upload, bytes });
  upload.photoId = photo.id;
  return photo.id;
}

export const uploadHandlers: Record<string, FakeHandler> = {
  createUploadSession,
  getUploadSession,
  putChunk,
  completeUpload,
  abortUpload: ({ state, params }) => {
    found(state.uploads.get(params.id ?? '')).status = 'aborted';
  },
};
