import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there. */
export const consumes = ['upload.photo'] as const satisfies readonly QueueName[];
export const publishes = ['upload.completed'] as const;
