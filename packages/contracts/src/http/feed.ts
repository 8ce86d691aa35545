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
    permanent: z.boolean().meta({ description: 'false: the photo is in the trash and can be restored' }),
  })
  .meta({ id: 'Tombstone' });
/** The largest number of `photoIds` of one entry. */
export const MAX_FEED_PHOTO_IDS = 10_000;

const feedAlbumPart = z
  .object({
    offset: z
      .number()
      .int()
      .nonnegative()
      .meta({ description: 'how many photos the parts before have; 0: the first part' }),
    isLast: z.boolean(),
  })
  .meta({ id: 'FeedAlbumPart' });

const feedAlbum = album
  .and(
    z.object({
      photoIds: z.array(id).meta({
        description:
          'every photo of the album that is not in the trash, or a part of them; in the manual order if the album has that order',
      }),
      part: feedAlbumPart.optional().meta({
        description: `only if the album comes in parts, as one of more than ${MAX_FEED_PHOTO_IDS} photos does: one item for each part, in their order. Together they replace the album when the last one is there; a part with offset 0 starts again`,
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
      'Changes since the cursor; without one, from the beginning. Each entity is listed once, in its newest state',
    query: pageQuery,
    success: {
      status: 200,
      body: page('items', feedItem).extend({ cursor: z.string() }).meta({ id: 'FeedPage' }),
      description: 'Changes, oldest first; the cursor continues after them, also if there were none',
    },
    problems: ['invalid_cursor', 'cursor_expired'],
  },
});
