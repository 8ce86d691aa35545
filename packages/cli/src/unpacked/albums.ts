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
  /** This run has brought the photo. */
  brought(photoId: string): void;
  /** Notes that a photo belongs into the album of this name. */
  add(album: { name: string; description?: string | undefined }, photoId: string): void;
  /** Creates the albums that are missing and puts the photos into them. */
  finish(): Promise<void>;
  /**
   * Puts the photos of a run that has ended early into albums that are there: the next run would not do it, because it finds both.
   * Missing albums are left to the next run, which puts all of their photos into them.
   */
  finishEarly(): Promise<void>;
  /** Albums that photos were put into. */
  readonly filled: number;
  readonly created: number;
}

interface Filling {
  description: string | undefined;
  photoIds: Set<string>;
}

/**
 * Puts photos into albums that are found by their names. An album that was there before this run gets only photos that this run has
 * brought: the owner may have taken the others out. Ctrl-C does not stop it, for the same reason.
 */
export function createAlbumFiller(client: Client): AlbumFiller {
  const fillings = new Map<string, Filling>();
  const broughtIds = new Set<string>();
  let [filled, created] = [0, 0];

  /** Of albums that are called alike, the oldest: in every run the same. */
  const albumIds = async (): Promise<Map<string, string>> => {
    const ids = new Map<string, string>();
    const ask = (cursor: string | undefined) => client.listAlbums({ query: { cursor, limit: MAX_LIMIT } });
    for await (const { albums } of pagesOf(ask))
      for (const { id, name } of albums) ids.set(albumName(name), id);
    return ids;
  };
  const create = async (name: string, { description }: Filling): Promise<string> => {
    const about = description === undefined ? {} : { description: cut(description, MAX_DESCRIPTION) };
    const album = await client.createAlbum({ body: { name, ...about } });
    created += 1;
    return album.id;
  };
  const put = async (id: string, photoIds: string[]): Promise<void> => {
    for (const pause of [...UNKNOWN_PAUSES_MS, undefined]) {
      try {
        await client.addAlbumItems({ params: { id }, body: { photoIds } });
        return;
      } catch (error) {
        // The node may hear of a photo a little later than its upload ends.
        const isUnknown = hasCode(error, 'not_found') && error.errors.length > 0;
        if (!isUnknown || pause === undefined) throw error;
        await sleep(pause);
      }
    }
  };
  const putAll = async (id: string, photoIds: string[]): Promise<void> => {
    for (let start = 0; start < photoIds.length; start += MAX_LIMIT)
      await put(id, photoIds.slice(start, start + MAX_LIMIT));
  };
  /** Creates an album with all of its photos. If that fails, the album goes again, so that the next run can create it. */
  const createFilled = async (name: string, filling: Filling): Promise<void> => {
    const id = await create(name, filling);
    try {
      await putAll(id, [...filling.photoIds]);
    } catch (error) {
      await client.deleteAlbum({ params: { id } }).catch(() => undefined);
      throw error;
    }
  };

  const fill = async ({ createMissing }: { createMissing: boolean }): Promise<void> => {
    if (fillings.size === 0) return;
    const known = await albumIds();
    for (const [name, filling] of fillings) {
      const id = known.get(name);
      if (id === undefined && !createMissing) continue;
      const brought = [...filling.photoIds].filter((photoId) => broughtIds.has(photoId));
      if (id === undefined) await createFilled(name, filling);
      else await putAll(id, brought);
      if (id === undefined || brought.length > 0) filled += 1;
      fillings.delete(name);
    }
  };

  return {
    get filled() {
      return filled;
    },
    get created() {
      return created;
    },
    brought: (photoId) => void broughtIds.add(photoId),
    add: ({ name, description }, photoId) => {
      const key = albumName(name);
      if (key === '') return;
      const filling = fillings.get(key) ?? { description, photoIds: new Set() };
      filling.description ??= description;
      filling.photoIds.add(photoId);
      fillings.set(key, filling);
    },
    finish: () => fill({ createMissing: true }),
    finishEarly: () => fill({ createMissing: false }),
  };
}
