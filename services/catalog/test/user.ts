import type { CatalogApi, Photo } from '@lazyphotos/contracts';
import type { HttpOptions, HttpReply } from '@lazyphotos/testkit';
import { newUpload, type Upload } from './facts.js';

type Call = (path: string, options?: HttpOptions) => Promise<HttpReply>;

/** What one user's phone asks of the catalog. */
export function createUser(id: string, call: Call, api: CatalogApi) {
  const send = (method: string, path: string, json?: unknown) =>
    call(path, { method, ...(json === undefined ? {} : { json }) });

  /** Every page of a list, one after the other. */
  const pages = async (path: string, limit: number): Promise<HttpReply['body'][]> => {
    const all: HttpReply['body'][] = [];
    for (let cursor = ''; ; ) {
      const separator = path.includes('?') ? '&' : '?';
      const { status, body, text } = await call(`${path}${separator}limit=${limit}${cursor}`);
      if (status !== 200) throw new Error(`no list: ${text}`);
      all.push(body);
      if (!body.hasMore) return all;
      cursor = `&cursor=${encodeURIComponent(body.cursor)}`;
    }
  };

  return {
    id,
    call,
    send,
    pages,
    /** A photo of this user in the catalog, as the upload service brings it. */
    addPhoto: async (more: Partial<Upload> = {}): Promise<string> => {
      const upload = newUpload(id, more);
      await api.recordUpload(upload);
      return upload.photoId;
    },
    addPhotos: async (
      count: number,
      more: (index: number) => Partial<Upload> = () => ({}),
    ): Promise<string[]> => {
      const uploads = Array.from({ length: count }, (_, index) => newUpload(id, more(index)));
      for (const upload of uploads) await api.recordUpload(upload);
      return uploads.map((upload) => upload.photoId);
    },
    photo: (photoId: string) => call(`/photos/${photoId}`),
    list: (query = '') => call(`/photos${query}`),
    listedIds: async (query = ''): Promise<string[]> => {
      const { body } = await call(`/photos${query}`);
      return body.photos.map((photo: Photo) => photo.id);
    },
    trash: (photoId: string) => send('DELETE', `/photos/${photoId}`),
    purge: (photoId: string) => send('DELETE', `/photos/${photoId}?permanent=true`),
    restore: (photoId: string) => send('POST', `/photos/${photoId}/restore`),
    edit: (photoId: string, patch: object) => send('POST', `/photos/${photoId}/metadata`, patch),
    editAll: (updates: object[]) => send('POST', '/photos/metadata/batch', { updates }),
    deleteAll: (ids: string[], more: object = {}) => send('POST', '/photos/delete/batch', { ids, ...more }),
    restoreAll: (ids: string[]) => send('POST', '/photos/restore/batch', { ids }),
    trashState: () => call('/trash'),
    emptyTrash: () => send('POST', '/trash/empty'),
    setTrashDays: (days: number | null) => send('PUT', '/trash/retention', { days }),
    addAlbum: async (name = 'Summer', more: object = {}): Promise<string> => {
      const { status, body, text } = await send('POST', '/albums', { name, ...more });
      if (status !== 201) throw new Error(`no album: ${text}`);
      return body.id;
    },
    album: (albumId: string) => call(`/albums/${albumId}`),
    addItems: (albumId: string, photoIds: string[]) => send('POST', `/albums/${albumId}/items`, { photoIds }),
    removeItem: (albumId: string, photoId: string) => send('DELETE', `/albums/${albumId}/items/${photoId}`),
    moveItem: (albumId: string, photoId: string, after: string | null) =>
      send('PUT', `/albums/${albumId}/items/${photoId}`, { after }),
    itemIds: async (albumId: string): Promise<string[]> => {
      const { body } = await call(`/albums/${albumId}/items?limit=500`);
      return body.items.map((photo: Photo) => photo.id);
    },
  };
}
export type User = ReturnType<typeof createUser>;
