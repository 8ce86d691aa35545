import type { EventPayload } from '@lazyphotos/contracts';
import type { UnitOfWork } from '@lazyphotos/database';
import type { Places } from '@lazyphotos/places';
import type { Ledger } from '../jobs/ledger.js';
import type { MediaTx } from '../prisma.js';

export interface FindNewPlaceDeps {
  places: Places;
  ledger: Ledger;
  unitOfWork: UnitOfWork<MediaTx>;
}

/** Publishes the place at the location that a photo's owner has set. A repeated event does no harm: the catalog compares locations. */
export function createFindNewPlace({ places, ledger, unitOfWork }: FindNewPlaceDeps) {
  return async ({ photoId, userId, locationLat, locationLon }: EventPayload<'photo.relocated'>) => {
    if (await ledger.isPurged(photoId)) return;
    const place = await places.find(locationLat, locationLon);
    await unitOfWork.transaction(async (_tx, emit) => {
      emit('place.found', { photoId, userId, locationLat, locationLon, ...(place && { place }) });
    });
  };
}
