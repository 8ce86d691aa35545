import { DEFAULT_LIMIT, MAX_LIMIT } from '@lazyphotos/contracts';

/** The sizes of pages that clients ask for; the statement of any other size is not prepared. */
const COMMON_LIMITS = [DEFAULT_LIMIT, MAX_LIMIT];
/** A plan takes a third of a megabyte in each connection that has used it. */
const MOST_FILTERED = 16;

export interface PageShape {
  limit: number;
  order: 'capturedAt' | 'uploadedAt' | 'position';
  isOfAlbum: boolean;
  isFirst: boolean;
  /** Whether it has filters besides the album. */
  isFiltered: boolean;
}

/**
 * Names for the statements of pages: PostgreSQL parses and plans a text with a name once for each connection, and keeps it until the
 * connection closes. That takes as long as reading a page. Lists without filters always have one. Filters make a thousand texts, of which
 * the first ones of a process get one.
 */
export class PageNames {
  readonly #filtered = new Map<string, string>();

  /** Returns the name of a statement with this text; undefined if it has none. */
  nameOf({ limit, order, isOfAlbum, isFirst, isFiltered }: PageShape, text: string): string | undefined {
    if (!COMMON_LIMITS.includes(limit)) return undefined;
    if (isFiltered) return this.#nameOfFiltered(text);
    return ['page', limit, order, isOfAlbum && 'album', !isFirst && 'after'].filter(Boolean).join('-');
  }

  #nameOfFiltered(text: string): string | undefined {
    const known = this.#filtered.get(text);
    if (known !== undefined || this.#filtered.size === MOST_FILTERED) return known;
    const name = `page-filtered-${this.#filtered.size + 1}`;
    this.#filtered.set(text, name);
    return name;
  }
}
