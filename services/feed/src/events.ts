import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus; it publishes nothing. */
export const consumes = ['feed.photo', 'feed.album'] as const satisfies readonly QueueName[];
