import type { EventOf } from '@lazyphotos/contracts';
import type { EventBus } from '@lazyphotos/messaging';
import { newId } from '@lazyphotos/service-kit';
import { eventually } from '@lazyphotos/testkit';

/** Consumes what the upload service publishes, as the catalog does. */
export async function createEventLog(bus: EventBus) {
  const uploads: EventOf<'upload.completed'>[] = [];
  const purged = new Set<string>();
  await bus.consume(
    'catalog.upload',
    {
      'upload.completed': async (event) => {
        uploads.push(event);
      },
    },
    { concurrency: 2 },
  );
  const queueIsEmpty = (queue: string) =>
    eventually(async () => {
      const depth = (await bus.depths()).find((candidate) => candidate.queue === queue);
      if (depth?.pending !== 0) throw new Error(`${queue} is not empty`);
    });
  return {
    of: async (photoId: string) => {
      await queueIsEmpty('catalog.upload');
      return uploads.filter((event) => event.payload.photoId === photoId);
    },
    /** The ids of the photos that the catalog has purged. */
    purged,
    /** Delivers the event of a purge, whether or not the catalog has made one. */
    announcePurge: async (userId: string, photoId: string, storageKey = `originals/${userId}/${photoId}`) => {
      const at = new Date().toISOString();
      const payload = { photoId, userId, storageKey, version: 3, deletedAt: at };
      await bus.publish([{ id: newId(), type: 'photo.purged', occurredAt: at, payload }]);
      await queueIsEmpty('upload.photo');
    },
  };
}
