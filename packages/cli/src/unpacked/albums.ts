import { type Client, hasCode, pagesOf, sleep } from '@lazyphotos/client';
import { MAX_LIMIT } from '@lazyphotos/contracts';
import { UNKNOWN_PAUSES_MS } from './describe.js';

/** The longest name that the node takes, in characters. */
const MAX_NAME = 200;
const MAX_DESCRIPTION = 5000;

/** Cuts between characters, so that no emoji is halved. */
const cut = (text: string, max: number): string => [...text].slice(0, max).join('');

/** An album's name as the node keeps it. Empty if there is nothing left of it. */
export const albumName = (name: string): string =>
  cut(
    name
      .normalize('NFC')
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
    MAX_NAME,
  ).trim();

export interface AlbumFiller {
  /** Puts a photo into the album of this name, at the end. */
  add(album: { name: string; description?: string | undefined }, photoId: string): void;
  /** Creates the albums that are missing and puts the photos into them. */
  finish(): Promise<void>;
  /** Albums that photos were put into. */
  readonly filled: number;
  readonly created: number;
}

interface Filling {
  description: string | undefined;
  photoIds: Set<string>;
}

/** Puts photos into albums that are found by their names. Photos that are in an album already stay. */
export function createAlbumFiller(client: Client, signal: AbortSignal): AlbumFiller {
  const fillings = new Map<string, Filling>();
  let [filled, created] = [0, 0];

  /** Of albums that are called alike, the oldest: in every run the same. */
  const albumIds = async (): Promise<Map<string, string>> => {
    const ids = new Map<string, string>();
    const ask = (cursor: string | undefined) =>
      client.listAlbums({ query: { cursor, limit: MAX_LIMIT } }, { signal });
    for await (const { albums } of pagesOf(ask))
      for (const { id, name } of albums) ids.set(albumName(name), id);
    return ids;
  };
  const create = async (name: string, { description }: Filling): Promise<string> => {
    const about = description === undefined ? {} : { description: cut(description, MAX_DESCRIPTION) };
    const album = await client.createAlbum({ body: { name, ...about } }, { signal });
    created += 1;
    return album.id;
  };
  const put = async (id: string, photoIds: string[]): Promise<void> => {
    for (const pause of [...UNKNOWN_PAUSES_MS, undefined]) {
      try {
        await client.addAlbumItems({ params: { id }, body: { photoIds } }, { signal });
        return;
      } catch (error) {
        // The node may hear of a photo a little later than its upload ends.
        const isUnknown = hasCode(error, 'not_found') && error.errors.length > 0;
        if (!isUnknown || pause === undefined) throw error;
        await sleep(pause, signal);
      }
    }
  };

  return {
    get filled() {
      return filled;
    },
    get created() {
      return created;
    },
    add: ({ name, description }, photoId) => {
      const key = albumName(name);
      if (key === '') return;
      const filling = fillings.get(key) ?? { description, photoIds: new Set() };
      filling.description ??= description;
      filling.photoIds.add(photoId);
      fillings.set(key, filling);
    },
    finish: async () => {
      if (fillings.size === 0) return;
      const known = await albumIds();
      for (const [name, filling] of fillings) {
        const id = known.get(name) ?? (await create(name, filling));
        const photoIds = [...filling.photoIds];
        for (let start = 0; start < photoIds.length; start += MAX_LIMIT)
          await put(id, photoIds.slice(start, start + MAX_LIMIT));
        filled += 1;
        fillings.delete(name);
      }
    },
  };
}
