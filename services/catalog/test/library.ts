import { readFile } from 'node:fs/promises';
import type { CatalogNode } from './harness.js';

export interface Library {
  user: string;
  /** An album that is arranged by hand, with a twentieth of the photos. */
  big: string;
  /** An album of a hundred photos. */
  small: string;
}

/** Writes a library of one user into the catalog's database (library.sql). */
export async function fillLibrary(
  pool: CatalogNode['pool'],
  library: Library,
  photos: number,
): Promise<void> {
  const client = await pool.connect();
  try {
    for (const [name, value] of Object.entries({ ...library, photos }))
      await client.query('SELECT set_config($1, $2, false)', [`library.${name}`, String(value)]);
    await client.query(await readFile(new URL('library.sql', import.meta.url), 'utf8'));
  } finally {
    client.release(true);
  }
  await pool.query('VACUUM ANALYZE photos, photo_tags, album_items');
}
