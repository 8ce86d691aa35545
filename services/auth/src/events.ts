/** The auth service does not use the event bus. */
export const consumes = [] as const;
export const publishes = [] as const;
