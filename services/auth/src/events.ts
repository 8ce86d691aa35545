/** The auth service does not use the event bus. */
export const CONSUMES = [] as const;
export const PUBLISHES = [] as const;
