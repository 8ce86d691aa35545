import { v7 } from 'uuid';

/** A new UUID version 7 (RFC 9562): ordered by time, so that indexes stay compact. */
export const newId = (): string => v7();
