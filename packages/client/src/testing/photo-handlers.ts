import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FakeCall, type FakeHandler, FakeProblem, found, pageOf } from './answer.js';
import type { FakePhoto, FakeState } from './fake-state.js';
import type { FaultEffect } from './faults.js';

export const photosIn = (state: FakeState, where: FakePhoto['state']): FakePhoto[] =>
  [...state.photos.values()].filter((photo) => photo.state === where);

/** The cursor is a place among all photos, so that a page goes on rightly when those of the page before have left the list. */
function listPhotos({ state, query }: FakeCall) {
  const where = query.get('trashed') === 'true' ? 'trashed' : 'active';
  const listed = [...state.photos.values()]
    .reverse()
    .map((photo, place) => ({ ...photo, place }))
    .filter((photo) => photo.state === where && photo.place >= Number(query.get('cursor') ?? 0));
  const page = listed.slice(0, Number(query.get('limit') ?? 100));
  const next = listed[page.length];
  const end = next === undefined ? { feedCursor: String(state.feed.length) } : {};
  const cursor = next === undefined ? null : String(next.place);
  return { photos: page.map(({ photo }) => photo), cursor, hasMore: next !== undefined, ...end };
}

function listAlbumItems({ state, params, query }: FakeCall) {
  const { photoIds } = found(state.albums.get(params.id ?? ''));
  const page = pageOf(photoIds, query);
  return { ...page, items: page.items.map((id) => found(state.photos.get(id)).photo) };
}

function getFeed({ state, query }: FakeCall) {
  if (Number(query.get('cursor') ?? state.feedStart) < state.feedStart)
    throw new FakeProblem('cursor_expired');
  const page = pageOf(state.feed, query);
  return { items: page.items, cursor: page.cursor ?? String(state.feed.length), hasMore: page.hasMore };
}

export const photoHandlers: Record<string, FakeHandler> = {
  listPhotos,
  listAlbumItems,
  getFeed,
  getPhoto: ({ state, params }) => found(state.photos.get(params.id ?? '')).photo,
  downloadPhoto: ({ state, params, query, baseUrl }) => {
    const { photo } = found(state.photos.get(params.id ?? ''));
    const variant = query.get('size') ?? 'original';
    if (variant !== 'original' && photo.processing !== 'ready') throw new FakeProblem('not_ready');
    const url = `${baseUrl}/media/${photo.userId}/${photo.id}/${variant}?exp=1&sig=fake`;
    return { url, expiresAt: new Date(Date.now() + 60_000).toISOString() };
  },
};

/** Sends the bytes of a signed URL, honouring `Range: bytes=<n>-`. */
export function sendMedia(
  state: FakeState,
  req: IncomingMessage,
  res: ServerResponse,
  { path, fault }: { path: string; fault: FaultEffect | undefined },
): void {
  const [, , , photoId = '', variant = ''] = path.split('/');
  const { bytes: original, photo } = found(state.photos.get(photoId));
  const bytes = variant === 'original' ? original : Buffer.from(`${variant} of ${photo.id}`);
  const etag = `"${variant}-${photo.hash}"`;
  const asked = /^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1];
  const ifRange = req.headers['if-range'];
  const start = asked !== undefined && (ifRange === undefined || ifRange === etag) ? Number(asked) : 0;
  if (start > 0 && start >= bytes.length) {
    throw new FakeProblem('range_not_satisfiable', {
      headers: { 'content-range': `bytes */${bytes.length}` },
    });
  }
  const type = variant === 'original' ? photo.mimeType : 'image/webp';
  const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
  const headers = {
    'content-type': type,
    'content-length': bytes.length - start,
    etag,
    'accept-ranges': 'bytes',
  };
  res.writeHead(start > 0 ? 206 : 200, { ...headers, ...range });
  if (fault !== undefined && 'cutAfterBytes' in fault) {
    res.write(bytes.subarray(start, start + fault.cutAfterBytes), async () => {
      await fault.when;
      res.socket?.destroy();
    });
    return;
  }
  res.end(bytes.subarray(start));
}
