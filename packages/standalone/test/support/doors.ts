import { expect } from '@jest/globals';
import { type HttpReply, http } from '@lazyphotos/testkit';
import type { Phone } from './api.js';
import { reportOf } from './imports.js';

export type Kind = 'active' | 'archived' | 'trashed' | 'foreign';

/**
 * What each door is asked with: one phone's photos, the album that all of them are in, a link to that album, and an import that found
 * them all.
 */
export interface Library {
  url: string;
  phone: Phone;
  albumId: string;
  shareToken: string;
  importId: string;
  photos: Record<Kind, { id: string; fileName: string }>;
}

/** A way to photos. */
export interface Door {
  name: string;
  /** The ids of the photos that the door shows. */
  shows(library: Library, ids: string[]): Promise<string[]>;
  /** The kinds that it has to show; it shows no other. */
  kinds: Kind[];
}

const idsIn = (list: { id: string }[]): string[] => list.map(({ id }) => id);

/** The photos of a list, which has to work. */
const listed =
  (path: string | ((library: Library) => string), of = 'photos') =>
  async (library: Library): Promise<string[]> => {
    const { status, body, text } = await library.phone.call(typeof path === 'string' ? path : path(library));
    if (status !== 200) throw new Error(`${path}: ${text}`);
    return idsIn(body[of]);
  };

/** Those photos of which a call by id knows; of others it must know nothing at all. */
const byId =
  (path: (id: string) => string, options: { method?: string; json?: unknown } = {}) =>
  async ({ phone }: Library, ids: string[]): Promise<string[]> => {
    const known: string[] = [];
    for (const id of ids) {
      const { status, body, text } = await phone.call(path(id), options);
      if (status < 300) known.push(id);
      else if (body?.code !== 'not_found') throw new Error(`${path(id)}: ${text}`);
    }
    return known;
  };

/** The ids that a batch call does not say it cannot find. */
const batch = async ({ phone }: Library, path: string, json: unknown): Promise<string[]> => {
  const { status, body, text } = await phone.call(path, { json });
  if (status !== 200) throw new Error(`${path}: ${text}`);
  return idsIn(body.results.filter((result: { status: string }) => result.status !== 'not_found'));
};

/** Puts each photo back to where it belongs. */
const putBack = async (library: Library): Promise<void> => {
  const { active, archived, trashed } = library.photos;
  await batch(library, '/photos/restore/batch', { ids: [active.id, archived.id] });
  await batch(library, '/photos/delete/batch', { ids: [trashed.id] });
};

/** What somebody without an account gets by the link to the album. */
const visit = async ({ url, shareToken }: Library, path: (token: string) => string): Promise<HttpReply> => {
  const reply = await http(url + path(shareToken));
  if (reply.status !== 200) throw new Error(`${path('')}: ${reply.text}`);
  return reply;
};
const shared = async (library: Library): Promise<HttpReply['body']> =>
  (await visit(library, (token) => `/share-links/${token}/content`)).body;

/** Counts of a timeline say how many, not which: as many photos as ids that are given for them. */
const months = (filter: string) => async (library: Library) => {
  const { body } = await library.phone.call(`/photos/timeline?${filter}`);
  const count = body.months.reduce((sum: number, month: { count: number }) => sum + month.count, 0);
  const shown = await listed(`/photos?${filter}`)(library);
  expect(count).toBe(shown.length);
  return shown;
};

export const OWN: Kind[] = ['active', 'archived', 'trashed'];
const SHOWN: Kind[] = ['active', 'archived'];

export const doors: Door[] = [
  { name: 'a photo', kinds: OWN, shows: byId((id) => `/photos/${id}`) },
  { name: 'a download', kinds: OWN, shows: byId((id) => `/photos/${id}/download?size=original`) },
  {
    name: 'a download with edits',
    kinds: OWN,
    shows: byId((id) => `/photos/${id}/download?metadata=embedded`),
  },
  { name: 'the list', kinds: SHOWN, shows: listed('/photos') },
  { name: 'the list by upload', kinds: SHOWN, shows: listed('/photos?sort=uploadedAt') },
  { name: 'the list from a time on', kinds: SHOWN, shows: listed('/photos?from=1900-01-01T00:00:00Z') },
  { name: 'the archive', kinds: ['archived'], shows: listed('/photos?archived=true') },
  { name: 'what is not archived', kinds: ['active'], shows: listed('/photos?archived=false') },
  { name: 'favourites', kinds: SHOWN, shows: listed('/photos?favorite=true') },
  { name: 'a tag', kinds: SHOWN, shows: listed('/photos?tag=DOOR') },
  { name: 'the trash', kinds: ['trashed'], shows: listed('/photos?trashed=true') },
  { name: 'the trash by tag', kinds: ['trashed'], shows: listed('/photos?trashed=true&tag=door') },
  {
    name: 'an album in the list',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/photos?albumId=${albumId}`),
  },
  {
    name: 'a tag in an album',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/photos?albumId=${albumId}&tag=door`),
  },
  {
    name: 'the items of an album',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/albums/${albumId}/items`, 'items'),
  },
  { name: 'the timeline', kinds: SHOWN, shows: months('') },
  { name: 'the timeline of a tag', kinds: SHOWN, shows: months('tag=door') },
  {
    name: 'the timeline of an album',
    kinds: SHOWN,
    shows: (library) => months(`albumId=${library.albumId}`)(library),
  },
  { name: 'the timeline of the trash', kinds: ['trashed'], shows: months('trashed=true') },
  { name: 'a search', kinds: SHOWN, shows: listed('/search?q=door') },
  { name: 'a search by tag', kinds: SHOWN, shows: listed('/search?tag=door') },
  { name: 'a search for favourites', kinds: SHOWN, shows: listed('/search?q=doo&favorite=true') },
  { name: 'a search of the archive', kinds: ['archived'], shows: listed('/search?q=door&archived=true') },
  {
    name: 'a search in an album',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/search?albumId=${albumId}`),
  },
  {
    name: 'the list of tags',
    kinds: SHOWN,
    shows: async (library) => {
      const { tags } = (await library.phone.call('/tags')).body;
      const photos = await listed('/photos?tag=door')(library);
      expect(tags).toEqual([{ name: 'Door', count: photos.length }]);
      return photos;
    },
  },
  {
    name: 'the feed',
    kinds: SHOWN,
    shows: async ({ phone }) =>
      idsIn((await phone.feed()).items.filter(({ type }) => type === 'photo').map(({ data }) => data)),
  },
  {
    name: 'albums in the feed',
    kinds: SHOWN,
    shows: async ({ phone }) =>
      (await phone.feed()).items.filter(({ type }) => type === 'album').flatMap(({ data }) => data.photoIds),
  },
  {
    name: 'the cover of an album',
    kinds: ['archived'],
    shows: async ({ phone, albumId }) => [(await phone.call(`/albums/${albumId}`)).body.cover.photoId],
  },
  {
    name: 'the covers in the list of albums',
    kinds: ['archived'],
    shows: async ({ phone }) =>
      (await phone.call('/albums')).body.albums.map(
        ({ cover }: { cover: { photoId: string } }) => cover.photoId,
      ),
  },
  {
    name: 'an edit of many',
    kinds: OWN,
    shows: async (library, ids) => {
      const updates = ids.map((id) => ({ id, description: 'seen' }));
      return batch(library, '/photos/metadata/batch', { updates });
    },
  },
  {
    name: 'an edit',
    kinds: OWN,
    shows: byId((id) => `/photos/${id}/metadata`, { method: 'POST', json: { description: 'seen' } }),
  },
  {
    name: 'a deletion of many',
    kinds: OWN,
    shows: async (library, ids) => {
      const found = await batch(library, '/photos/delete/batch', { ids });
      await putBack(library);
      return found;
    },
  },
  {
    name: 'a restoration of many',
    kinds: OWN,
    shows: async (library, ids) => {
      const found = await batch(library, '/photos/restore/batch', { ids });
      await putBack(library);
      return found;
    },
  },
  {
    name: 'adding to an album',
    kinds: OWN,
    shows: async ({ phone, albumId }, ids) => {
      const known: string[] = [];
      for (const photoId of ids) {
        const { status, text } = await phone.call(`/albums/${albumId}/items`, { json: { photoId } });
        if (status === 204) known.push(photoId);
        else if (status !== 404) throw new Error(text);
      }
      return known;
    },
  },
  {
    name: 'the report of an import',
    kinds: OWN,
    shows: async ({ phone, importId }) =>
      Object.values(await reportOf(phone, importId)).map(({ photoId }) => photoId),
  },
  {
    name: 'the content of a link',
    kinds: SHOWN,
    shows: async (library) => {
      const { photos, link } = await shared(library);
      expect(link.photoCount).toBe(photos.length);
      return idsIn(photos);
    },
  },
  {
    name: 'the cover of a link',
    kinds: ['archived'],
    shows: async (library) => [(await shared(library)).link.cover.photoId],
  },
  {
    name: 'a link to one photo',
    kinds: SHOWN,
    shows: async ({ url, phone }, ids) => {
      const known: string[] = [];
      for (const photoId of ids) {
        const link = await phone.call('/share-links', { json: { photoId } });
        if (link.status === 201) {
          const content = await http(`${url}/share-links/${link.body.token}/content`);
          if (content.status === 200) known.push(...idsIn(content.body.photos));
          else expect(content.status).toBe(404);
        } else expect(link.status).toBe(404);
      }
      return known;
    },
  },
  {
    name: 'the page of a link',
    kinds: SHOWN,
    shows: async (library, ids) => {
      const { text } = await visit(library, (token) => `/s/${token}`);
      return ids.filter((id) => text.includes(id));
    },
  },
  {
    name: 'the page of a photo of a link',
    kinds: SHOWN,
    shows: async ({ url, shareToken }, ids) => {
      const known: string[] = [];
      for (const id of ids) {
        const { status } = await http(`${url}/s/${shareToken}?photo=${id}`);
        if (status === 200) known.push(id);
        else expect(status).toBe(303);
      }
      return known;
    },
  },
  {
    name: 'the pictures of a link',
    kinds: SHOWN,
    shows: async (library) => {
      const { photos } = await shared(library);
      for (const { thumbnails, originalUrl } of photos)
        for (const url of [thumbnails.thumb, thumbnails.medium, originalUrl])
          expect((await http(url)).status).toBe(200);
      return idsIn(photos);
    },
  },
  {
    name: 'the ZIP of a link',
    kinds: SHOWN,
    shows: async (library) => {
      // The names stand in it as they are.
      const { bytes } = await visit(library, (token) => `/s/${token}/archive`);
      return idsIn(Object.values(library.photos).filter(({ fileName }) => bytes.includes(fileName)));
    },
  },
];
