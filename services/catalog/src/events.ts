import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there. */
export const CONSUMES = ['catalog.upload', 'catalog.media'] as const satisfies readonly QueueName[];
export const PUBLISHES = [
  'photo.changed',
  'photo.relocated',
  'photo.trashed',
  'photo.purged',
  'album.changed',
  'album.deleted',
] as const;
