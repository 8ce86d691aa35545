/** The gateway does not use the bus: it neither consumes nor publishes events. */
export const CONSUMES = [] as const;
export const PUBLISHES = [] as const;
