import { type Client, hasCode, pagesOf, sleep } from '@lazyphotos/client';
import { MAX_LIMIT } from '@lazyphotos/contracts';
import { batchesOf } from '../library/batches.js';
import { UNKNOWN_PAUSES_MS } from './describe.js';

/** The longest name that the node accepts, in characters. */
const MAX_NAME = 200;
const MAX_DESCRIPTION = 5000;

/** Cuts between characters, never inside an emoji. */
const cut = (text: string, max: number): string => [...text].slice(0, max).join('');

/** Returns the name of an album as the node stores it; it may be empty. */
export const albumName = (name: string): string =>
  cut(
    name
      .normalize('NFC')
      .replace(/\p{Cc}+/gu, ' ')
      .trim(),
    MAX_NAME,
  ).trim();

interface Album {
  description: string | undefined;
  photoIds: Set<string>;
}

/**
 * Puts photos into albums by name. An album from before this run gets only photos that this run has uploaded: the owner may have taken
 * the others out. Ctrl-C does not stop this, for the same reason.
 */
export class AlbumFiller {
  /** The number of albums that got photos. */
  filled = 0;
  private readonly albums = new Map<string, Album>();
  private readonly newIds = new Set<string>();

  constructor(private readonly client: Client) {}

  /** Notes that this run has uploaded the photo. */
  markNew(photoId: string): void {
    this.newIds.add(photoId);
  }

  /** Notes that a photo belongs to the album with this name. */
  add({ name, description }: { name: string; description?: string | undefined }, photoId: string): void {
    const key = albumName(name);
    if (key === '') return;
    const album = this.albums.get(key) ?? { description, photoIds: new Set() };
    album.description ??= description;
    album.photoIds.add(photoId);
    this.albums.set(key, album);
  }

  /**
   * Puts the photos into their albums. A run that ends early does not create albums: the next run creates them with all their photos.
   * It fills existing albums, because the next run would find album and photos there and skip them.
   */
  async finish({ createMissing }: { createMissing: boolean }): Promise<void> {
    if (this.albums.size === 0) return;
    const known = await this.idsByName();
    for (const [name, album] of this.albums) {
      const id = known.get(name);
      if (id === undefined && !createMissing) continue;
      const added = [...album.photoIds].filter((photoId) => this.newIds.has(photoId));
      if (id === undefined) await this.create(name, album);
      else await this.putAll(id, added);
      if (id === undefined || added.length > 0) this.filled += 1;
      this.albums.delete(name);
    }
  }

  /** Of albums with the same name, the oldest: the same one in every run. */
  private async idsByName(): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    const pages = pagesOf((cursor) => this.client.listAlbums({ query: { cursor, limit: MAX_LIMIT } }));
    for await (const { albums } of pages) for (const { id, name } of albums) ids.set(albumName(name), id);
    return ids;
  }

  /** Creates an album with all its photos. After a failure it deletes the album, so that the next run can create it. */
  private async create(name: string, { description, photoIds }: Album): Promise<void> {
    const about = description === undefined ? {} : { description: cut(description, MAX_DESCRIPTION) };
    const { id } = await this.client.createAlbum({ body: { name, ...about } });
    try {
      await this.putAll(id, [...photoIds]);
    } catch (error) {
      await this.client.deleteAlbum({ params: { id } }).catch(() => undefined);
      throw error;
    }
  }

  private async putAll(id: string, photoIds: string[]): Promise<void> {
    for (const batch of batchesOf(photoIds)) await this.put(id, batch);
  }

  private async put(id: string, photoIds: string[]): Promise<void> {
    for (const pause of [...UNKNOWN_PAUSES_MS, undefined]) {
      try {
        await this.client.addAlbumItems({ params: { id }, body: { photoIds } });
        return;
      } catch (error) {
        // The catalog may receive a photo a little later than its upload ends.
        const isUnknown = hasCode(error, 'not_found') && error.errors.length > 0;
        if (!isUnknown || pause === undefined) throw error;
        await sleep(pause);
      }
    }
  }
}
