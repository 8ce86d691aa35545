/** The auth service takes no part in the event bus: it neither consumes nor publishes. */
export const consumes = [] as const;
export const publishes = [] as const;
