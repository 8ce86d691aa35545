import { albumEndpoints } from './albums.js';
import { authEndpoints } from './auth.js';
import type { Endpoint } from './endpoint.js';
import { feedEndpoints } from './feed.js';
import { importEndpoints } from './imports.js';
import { metadataEndpoints } from './metadata.js';
import { photoEndpoints } from './photos.js';
import { searchEndpoints } from './search.js';
import { shareEndpoints } from './shares.js';
import { trashEndpoints } from './trash.js';
import { uploadEndpoints } from './uploads.js';

/** Every operation that clients may call, in the order in which the documentation shows them. */
export const endpoints = {
  ...authEndpoints,
  ...uploadEndpoints,
  ...importEndpoints,
  ...photoEndpoints,
  ...searchEndpoints,
  ...metadataEndpoints,
  ...trashEndpoints,
  ...albumEndpoints,
  ...shareEndpoints,
  ...feedEndpoints,
} as const satisfies Record<string, Endpoint>;
