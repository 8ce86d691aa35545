import { z } from 'zod';

/** Where a photo was taken, in words. */
export const place = z
  .object({
    city: z.string().optional(),
    region: z.string().optional(),
    country: z.string().optional(),
    countryCode: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .optional()
      .meta({ description: 'ISO 3166-1 alpha-2' }),
  })
  .meta({ id: 'Place', description: "names in the reader's language where they are known" });
export type Place = z.output<typeof place>;
