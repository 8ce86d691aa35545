import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there: nothing. */
export const consumes = ['feed.photo', 'feed.album'] as const satisfies readonly QueueName[];
export const publishes = [] as const;
