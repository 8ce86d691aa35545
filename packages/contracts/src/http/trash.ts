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
      description: 'how long a photo stays in this trash; its purgeAt follows from that',
    }),
    defaultDays: days.meta({ description: 'what holds for accounts that have set nothing' }),
    emptying: z.boolean().meta({ description: 'whether photos are being removed on request' }),
  })
  .meta({ id: 'Trash' });
export type Trash = z.output<typeof trash>;

export const trashEndpoints = defineEndpoints('catalog', {
  deletePhotos: {
    method: 'post',
    path: '/photos/delete/batch',
    summary: 'Move up to 500 photos to the trash, or remove them for good; repeating it does no harm',
    auth: 'bearer',
    body: z
      .object({
        ids,
        permanent: z.boolean().optional().meta({ description: 'true: remove them for good' }),
      })
      .meta({ id: 'DeletePhotosRequest', examples: [{ ids: ['01890a5d-ac96-774b-bcce-b302099a8058'] }] }),
    success: {
      status: 200,
      body: batchResults,
      description: 'What became of each photo, in the order of the request',
    },
  },
  restorePhotos: {
    method: 'post',
    path: '/photos/restore/batch',
    summary: 'Bring up to 500 photos back from the trash; repeating it does no harm',
    auth: 'bearer',
    body: z
      .object({ ids })
      .meta({ id: 'RestorePhotosRequest', examples: [{ ids: ['01890a5d-ac96-774b-bcce-b302099a8058'] }] }),
    success: {
      status: 200,
      body: batchResults,
      description: 'What became of each photo, in the order of the request',
    },
  },
  getTrash: {
    method: 'get',
    path: '/trash',
    summary: 'How much is in the trash, and how long it stays there',
    auth: 'bearer',
    success: { status: 200, body: trash, description: 'The trash' },
  },
  emptyTrash: {
    method: 'post',
    path: '/trash/empty',
    summary: 'Remove for good what is in the trash now; repeating it does no harm',
    auth: 'bearer',
    success: {
      status: 202,
      body: trash,
      description: 'The request is kept, and carried out soon, also after a restart',
    },
  },
  setTrashRetention: {
    method: 'put',
    path: '/trash/retention',
    summary: 'Set how long photos stay in the trash of this account; null: as long as the node says',
    auth: 'bearer',
    body: z
      .object({ days: days.nullable() })
      .meta({ id: 'SetTrashRetentionRequest', examples: [{ days: 90 }] }),
    success: { status: 200, body: trash, description: 'The trash' },
  },
});
