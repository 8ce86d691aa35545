import type { z } from 'zod';
import { ProblemError } from './errors.js';

/** Opaque page cursors: JSON in base64url, checked against `schema` when they come back. */
export function createCursor<T extends z.ZodType>(schema: T) {
  return {
    encode: (value: z.input<T>): string => Buffer.from(JSON.stringify(value)).toString('base64url'),
    /** @throws ProblemError `invalid_cursor` */
    decode: (cursor: string): z.output<T> => {
      let value: unknown;
      try {
        value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
      } catch (cause) {
        throw new ProblemError('invalid_cursor', undefined, { cause });
      }
      const result = schema.safeParse(value);
      if (!result.success) throw new ProblemError('invalid_cursor');
      return result.data;
    },
  };
}
