import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there: nothing. */
export const CONSUMES = ['feed.photo', 'feed.album'] as const satisfies readonly QueueName[];
export const PUBLISHES = [] as const;
