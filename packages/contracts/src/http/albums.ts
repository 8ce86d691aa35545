import { z } from 'zod';
import { defineEndpoints } from './endpoint.js';
import { photo } from './photos.js';
import { id, line, MAX_LIMIT, page, pageQuery, text, timestamp } from './primitives.js';

export const ALBUM_ORDERS = ['date', 'manual'] as const;
export type AlbumOrder = (typeof ALBUM_ORDERS)[number];
const albumOrder = z.enum(ALBUM_ORDERS).meta({
  id: 'AlbumOrder',
  description: 'date: newest capture first; manual: the order that its owner has chosen',
});

const albumCover = z
  .object({
    photoId: id,
    thumb: z.url().optional().meta({ description: 'signed URL; absent while there is no preview' }),
    placeholder: z.string().optional().meta({ description: 'thumbhash, base64' }),
  })
  .meta({ id: 'AlbumCover' });

/** An album as services and clients exchange it. */
export const album = z
  .object({
    id,
    userId: id,
    name: z.string(),
    description: z.string().optional(),
    coverPhotoId: id.optional().meta({ description: 'the cover that the owner has chosen' }),
    cover: albumCover.optional().meta({
      description:
        'the picture to show: the chosen cover, or the first photo of the album if none is chosen or the chosen one is in the trash. Not in the feed',
    }),
    order: albumOrder.default('date'),
    itemCount: z.number().int().nonnegative().meta({ description: 'photos in it that are not in the trash' }),
    createdAt: timestamp,
    updatedAt: timestamp,
    isDeleted: z.boolean(),
    version: z.number().int().positive(),
  })
  .meta({ id: 'Album' });
export type Album = z.output<typeof album>;

const albumId = z.object({ id });
const name = line(200);
const description = text(5000);

export const albumEndpoints = defineEndpoints('catalog', {
  createAlbum: {
    method: 'post',
    path: '/albums',
    summary: 'Create an album',
    idempotencyKey: true,
    body: z
      .object({
        name,
        description: description.optional(),
        coverPhotoId: id.optional(),
        order: albumOrder.optional().meta({ description: 'date if absent' }),
      })
      .meta({ id: 'CreateAlbumRequest' }),
    success: { status: 201, body: album, description: 'The album' },
    problems: ['not_found', 'idempotency_key_reused'],
  },
  listAlbums: {
    method: 'get',
    path: '/albums',
    summary: 'Albums, newest first',
    query: pageQuery,
    success: { status: 200, body: page('albums', album, 'AlbumPage'), description: 'A page of albums' },
    problems: ['invalid_cursor'],
  },
  getAlbum: {
    method: 'get',
    path: '/albums/{id}',
    summary: 'One album',
    params: albumId,
    success: { status: 200, body: album, description: 'The album' },
    problems: ['not_found'],
  },
  updateAlbum: {
    method: 'put',
    path: '/albums/{id}',
    summary: 'Change the fields that are given; null removes a description or cover',
    params: albumId,
    body: z
      .object({
        name: name.optional(),
        description: description.nullable().optional(),
        coverPhotoId: id.nullable().optional(),
        order: albumOrder.optional(),
        updatedAt: timestamp.optional().meta({
          description:
            'when the user made the change; now if absent. A field with a newer change keeps it. A time in the future counts as now',
        }),
      })
      .meta({ id: 'UpdateAlbumRequest' }),
    success: { status: 200, body: album, description: 'The album' },
    problems: ['not_found'],
  },
  deleteAlbum: {
    method: 'delete',
    path: '/albums/{id}',
    summary: 'Delete an album; its photos stay',
    params: albumId,
    success: { status: 204, description: 'Deleted' },
    problems: ['not_found'],
  },
  addAlbumItems: {
    method: 'post',
    path: '/albums/{id}/items',
    summary:
      'Add up to 500 photos to an album, at the end of a manual order; photos that are in it keep their place',
    params: albumId,
    body: z
      .object({
        photoId: id.optional().meta({ description: 'either this or photoIds' }),
        photoIds: z
          .array(id)
          .min(1)
          .max(MAX_LIMIT)
          .optional()
          .meta({ description: 'either this or photoId' }),
      })
      .refine((body) => (body.photoId === undefined) !== (body.photoIds === undefined), {
        message: 'give either photoId or photoIds',
        path: ['photoIds'],
      })
      .meta({ id: 'AddAlbumItemsRequest' }),
    success: {
      status: 204,
      description:
        'Added; photos in the trash appear when they are restored, and permanently removed photos are left out',
    },
    problems: ['not_found'],
  },
  listAlbumItems: {
    method: 'get',
    path: '/albums/{id}/items',
    summary: "The album's photos in the album's order; those in the trash are left out",
    params: albumId,
    query: pageQuery,
    success: { status: 200, body: page('items', photo, 'AlbumItemPage'), description: 'A page of photos' },
    problems: ['not_found', 'invalid_cursor'],
  },
  moveAlbumItem: {
    method: 'put',
    path: '/albums/{id}/items/{photoId}',
    summary: "Move a photo in the album's manual order, which is used if the album's order is manual",
    params: z.object({ id, photoId: id }),
    body: z
      .object({
        after: id
          .nullable()
          .meta({ description: 'the photo of the album after which it is placed; null: at the beginning' }),
      })
      .meta({ id: 'MoveAlbumItemRequest' }),
    success: { status: 204, description: 'Moved' },
    problems: ['not_found'],
  },
  removeAlbumItem: {
    method: 'delete',
    path: '/albums/{id}/items/{photoId}',
    summary: 'Remove a photo from an album; a repeated request changes nothing',
    params: z.object({ id, photoId: id }),
    success: { status: 204, description: 'Removed' },
    problems: ['not_found'],
  },
});
