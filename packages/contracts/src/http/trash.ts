import { z } from 'zod';
import { defineEndpoints } from './endpoint.js';
import { batchStatus } from './metadata.js';
import { byteCount, id, MAX_LIMIT } from './primitives.js';

/** The longest time that the trash can keep photos: a hundred years. */
export const MAX_TRASH_DAYS = 36_500;

const days = z.number().int().min(0).max(MAX_TRASH_DAYS);
const ids = z.array(id).min(1).max(MAX_LIMIT);

const batchResults = z
  .object({
    results: z.array(z.object({ id, status: batchStatus }).meta({ id: 'BatchResult' })),
  })
  .meta({ id: 'BatchResults' });

export const trash = z
  .object({
    count: byteCount.meta({ description: 'photos' }),
    bytes: byteCount.meta({ description: 'of their originals' }),
    retentionDays: days.meta({
      description: 'how long a photo stays in this trash; its purgeAt is calculated from it',
    }),
    defaultDays: days.meta({ description: 'the value for accounts that have set none' }),
    emptying: z.boolean().meta({ description: 'whether photos are being removed on request' }),
  })
  .meta({ id: 'Trash' });
export type Trash = z.output<typeof trash>;

export const trashEndpoints = defineEndpoints('catalog', {
  deletePhotos: {
    method: 'post',
    path: '/photos/delete/batch',
    summary:
      'Move up to 500 photos to the trash, or remove them permanently; a repeated request changes nothing',
    body: z
      .object({
        ids,
        permanent: z.boolean().optional().meta({ description: 'true: remove them permanently' }),
      })
      .meta({ id: 'DeletePhotosRequest', examples: [{ ids: ['01890a5d-ac96-774b-bcce-b302099a8058'] }] }),
    success: {
      status: 200,
      body: batchResults,
      description: 'The result of each photo, in the order of the request',
    },
  },
  restorePhotos: {
    method: 'post',
    path: '/photos/restore/batch',
    summary: 'Restore up to 500 photos from the trash; a repeated request changes nothing',
    body: z
      .object({ ids })
      .meta({ id: 'RestorePhotosRequest', examples: [{ ids: ['01890a5d-ac96-774b-bcce-b302099a8058'] }] }),
    success: {
      status: 200,
      body: batchResults,
      description: 'The result of each photo, in the order of the request',
    },
  },
  getTrash: {
    method: 'get',
    path: '/trash',
    summary: 'The size of the trash, and how long photos stay there',
    success: { status: 200, body: trash, description: 'The trash' },
  },
  emptyTrash: {
    method: 'post',
    path: '/trash/empty',
    summary: 'Remove permanently all photos that are in the trash now; a repeated request changes nothing',
    success: {
      status: 202,
      body: trash,
      description: 'The request is stored and carried out soon, also after a restart',
    },
  },
  setTrashRetention: {
    method: 'put',
    path: '/trash/retention',
    summary: 'Set how long photos stay in the trash of this account; null: the default of the node',
    body: z
      .object({ days: days.nullable() })
      .meta({ id: 'SetTrashRetentionRequest', examples: [{ days: 90 }] }),
    success: { status: 200, body: trash, description: 'The trash' },
  },
});
