import { z } from 'zod';
import { album } from './albums.js';
import { defineEndpoints } from './endpoint.js';
import { photo } from './photos.js';
import { id, page, pageQuery, timestamp } from './primitives.js';

const tombstone = z
  .object({
    entity: z.enum(['photo', 'album']).meta({ id: 'FeedEntity' }),
    id,
    deletedAt: timestamp,
    permanent: z.boolean().meta({ description: 'false: the photo is in the trash and may come back' }),
  })
  .meta({ id: 'Tombstone' });
const feedAlbum = album
  .and(
    z.object({
      photoIds: z.array(id).meta({
        description: 'every photo in it that is not in the trash; in its manual order, if that is its order',
      }),
    }),
  )
  .meta({ id: 'FeedAlbum' });

const feedPhotoItem = z
  .object({ type: z.literal('photo'), data: photo, updatedAt: timestamp })
  .meta({ id: 'FeedPhotoItem' });
const feedAlbumItem = z
  .object({ type: z.literal('album'), data: feedAlbum, updatedAt: timestamp })
  .meta({ id: 'FeedAlbumItem' });
const feedTombstoneItem = z
  .object({ type: z.literal('tombstone'), data: tombstone, updatedAt: timestamp })
  .meta({ id: 'FeedTombstoneItem' });

export const feedItem = z
  .discriminatedUnion('type', [feedPhotoItem, feedAlbumItem, feedTombstoneItem])
  .meta({ id: 'FeedItem' });
export type FeedItem = z.output<typeof feedItem>;

export const feedEndpoints = defineEndpoints('feed', {
  getFeed: {
    method: 'get',
    path: '/feed',
    summary:
      'What changed since the cursor; without one, from the beginning. Each entity comes once, in its newest state',
    auth: 'bearer',
    query: pageQuery,
    success: {
      status: 200,
      body: page('items', feedItem).extend({ cursor: z.string() }).meta({ id: 'FeedPage' }),
      description: 'Changes, oldest first; the cursor continues after them, also when there were none',
    },
    problems: ['invalid_cursor', 'cursor_expired'],
  },
});
