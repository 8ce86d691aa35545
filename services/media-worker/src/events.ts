import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there. */
export const CONSUMES = [
  'media-worker.upload',
  'media-worker.background',
  'media-worker.photo',
  'media-worker.location',
] as const satisfies readonly QueueName[];
export const PUBLISHES = ['media.deferred', 'media.processed', 'place.found'] as const;
