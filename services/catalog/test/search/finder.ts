import { type Photo, tagKey } from '@lazyphotos/contracts';
import { searchWordsOf, type WordsSource } from '../../src/search/vector.js';
import type { CatalogNode } from '../harness.js';
import type { User } from '../user.js';

type Queryable = CatalogNode['pool'];

export type Asked = Record<string, string | number | boolean>;

export const searchPath = (asked: Asked): string => {
  const query = Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]);
  return `/search?${new URLSearchParams(query)}`;
};

/** What one user searches for. */
export const createFinder = (user: User) => ({
  ask: (asked: Asked) => user.call(searchPath(asked)),
  /** The ids found, in their order. @throws Error for a problem */
  ids: async (asked: Asked): Promise<string[]> => {
    const { status, body, text } = await user.call(searchPath({ limit: 500, ...asked }));
    if (status !== 200) throw new Error(`no result: ${text}`);
    return body.photos.map((photo: Photo) => photo.id);
  },
});

/** Columns of `photos`. */
export interface Facts {
  file_name?: string;
  description?: string;
  tags?: string[];
  place?: object;
  camera_make?: string;
  camera_model?: string;
  lens_model?: string;
  location_lat?: number;
  location_lon?: number;
  favorite?: boolean;
  archived?: boolean;
  sort_at?: string;
}

/** Writes columns together with the words, in one statement, as every writer of the service does. */
export async function setFacts(pool: Queryable, id: string, facts: Facts): Promise<void> {
  const { rows } = await pool.query('SELECT * FROM photos WHERE id = $1', [id]);
  const row = { ...(rows[0] as { file_name: string } & Facts), ...facts };
  const words = searchWordsOf({
    fileName: row.file_name,
    description: row.description ?? null,
    tags: row.tags ?? [],
    place: (row.place ?? null) as WordsSource['place'] & object,
    cameraMake: row.camera_make ?? null,
    cameraModel: row.camera_model ?? null,
    lensModel: row.lens_model ?? null,
  });
  const keys = facts.tags ? { tag_keys: facts.tags.map(tagKey) } : {};
  const columns = Object.entries({ ...facts, ...keys, search_words: words });
  await pool.query(
    `UPDATE photos SET ${columns.map(([name], index) => `${name} = $${index + 2}`).join(', ')} WHERE id = $1`,
    [id, ...columns.map(([, value]) => value)],
  );
}
