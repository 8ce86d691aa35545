import type { QueueName } from '@lazyphotos/contracts';

/** What this service takes from the bus and what it puts there. */
export const CONSUMES = ['upload.photo'] as const satisfies readonly QueueName[];
export const PUBLISHES = ['upload.completed'] as const;
