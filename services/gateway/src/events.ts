/** The gateway does not use the bus: it neither consumes nor publishes events. */
export const consumes = [] as const;
export const publishes = [] as const;
