import type { Album, CreatedShareLink, MetadataPatch, ShareLink } from '@lazyphotos/contracts';
import { type FakeBody, type FakeCall, type FakeHandler, FakeProblem, found, pageOf } from './answer.js';
import { type FakeState, uuid } from './fake-state.js';
import { photosIn } from './photo-handlers.js';

/** Bodies of these endpoints, which their schemas have checked. */
const bodyAs = <T>(body: FakeBody): T => body as unknown as T;

/** Every word somewhere in the file name or a tag; the real thing knows words better. */
function search({ state, query }: FakeCall) {
  const words = (query.get('q') ?? '').toLowerCase().replaceAll('"', '').split(/\s+/);
  const tag = query.get('tag');
  const hits = photosIn(state, 'active').filter(({ photo: { fileName, tags } }) => {
    const text = [fileName, ...tags].join(' ').toLowerCase();
    return words.every((word) => text.includes(word)) && (tag === null || tags.includes(tag));
  });
  const { items, ...rest } = pageOf(hits.reverse(), query);
  return { photos: items.map(({ photo }) => photo), ...rest };
}

function trashOf(state: FakeState) {
  const photos = photosIn(state, 'trashed');
  const bytes = photos.reduce((sum, { photo }) => sum + photo.sizeBytes, 0);
  return { count: photos.length, bytes, retentionDays: 30, defaultDays: 30, emptying: false };
}

function emptyTrash({ state }: FakeCall) {
  const trash = { ...trashOf(state), emptying: true };
  for (const photo of photosIn(state, 'trashed')) photo.state = 'deleted';
  return trash;
}

function restorePhotos({ state, body }: FakeCall) {
  const results = bodyAs<{ ids: string[] }>(body).ids.map((id) => {
    const photo = state.photos.get(id);
    if (photo === undefined || photo.state === 'deleted') return { id, status: 'not_found' };
    photo.state = 'active';
    return { id, status: 'ok' };
  });
  return { results };
}

/** Takes every edit for the newest. Each is kept as it came, for tests to look at. */
function editPhotos({ state, body }: FakeCall) {
  const { updates } = bodyAs<{ updates: (MetadataPatch & { id: string })[] }>(body);
  const results = updates.map((update) => {
    const { id, addTags = [], removeTags = [], updatedAt: _time, tags: _tags, ...fields } = update;
    const kept = state.photos.get(id);
    if (kept === undefined || kept.state === 'deleted') return { id, status: 'not_found' };
    const tags = new Set([...kept.photo.tags, ...addTags]);
    for (const name of removeTags) tags.delete(name);
    Object.assign(kept.photo, fields, { tags: [...tags] });
    state.edits.push(update);
    return { id, status: 'ok', photo: kept.photo };
  });
  return { results };
}

function deletePhotos({ state, body }: FakeCall) {
  const { ids } = bodyAs<{ ids: string[] }>(body);
  const results = ids.map((id) => {
    const photo = state.photos.get(id);
    if (photo === undefined || photo.state === 'deleted') return { id, status: 'not_found' };
    photo.state = 'trashed';
    return { id, status: 'ok' };
  });
  return { results };
}

function createAlbum({ state, body, email }: FakeCall): Album {
  const { name, description } = bodyAs<{ name: string; description?: string }>(body);
  const now = new Date().toISOString();
  const album: Album = {
    id: uuid(),
    userId: found(state.accounts.get(email)).user.id,
    name,
    description,
    order: 'date',
    itemCount: 0,
    createdAt: now,
    updatedAt: now,
    isDeleted: false,
    version: 1,
  };
  state.albums.set(album.id, { album, photoIds: [] });
  return album;
}

function addAlbumItems({ state, params, body }: FakeCall): void {
  const kept = found(state.albums.get(params.id ?? ''));
  const { photoIds } = bodyAs<{ photoIds: string[] }>(body);
  for (const id of photoIds) found(state.photos.get(id));
  kept.photoIds = [...new Set([...kept.photoIds, ...photoIds])];
  kept.album.itemCount = kept.photoIds.length;
}

type NewLink = Omit<ShareLink, 'expiresAt'> & { expiresAt?: string | null; password?: string | null };

function createShareLink({ state, body, baseUrl }: FakeCall): CreatedShareLink {
  const { password, expiresAt, ...rest } = bodyAs<NewLink>(body);
  const now = new Date().toISOString();
  const link: ShareLink = {
    ...rest,
    id: uuid(),
    expiresAt: expiresAt ?? null,
    hasPassword: password !== undefined && password !== null,
    viewCount: 0,
    createdAt: now,
    updatedAt: now,
  };
  state.shareLinks.set(link.id, { link, password: password ?? undefined });
  return { ...link, token: 'secret', url: `${baseUrl}/s/secret` };
}

export const libraryHandlers: Record<string, FakeHandler> = {
  search,
  getTrash: ({ state }) => trashOf(state),
  emptyTrash,
  restorePhotos,
  editPhotos,
  deletePhotos,
  createAlbum,
  addAlbumItems,
  listAlbums: ({ state, query }) => {
    const { items, ...rest } = pageOf([...state.albums.values()].reverse(), query);
    return { albums: items.map(({ album }) => album), ...rest };
  },
  getAlbum: ({ state, params }) => found(state.albums.get(params.id ?? '')).album,
  deleteAlbum: ({ state, params }) => {
    if (!state.albums.delete(params.id ?? '')) throw new FakeProblem('not_found');
  },
  createShareLink,
  listShareLinks: ({ state, query }) => {
    const { items, ...rest } = pageOf([...state.shareLinks.values()].reverse(), query);
    return { shareLinks: items.map(({ link }) => link), ...rest };
  },
  deleteShareLink: ({ state, params }) => {
    if (!state.shareLinks.delete(params.id ?? '')) throw new FakeProblem('not_found');
  },
};
