import { z } from 'zod';
import { storableDate } from '../storable-date.js';

/** UUID; version 7 if this system made it. */
export const id = z.uuid().meta({ description: 'UUID' });
/** RFC 3339 in UTC. Offsets are accepted on input. */
export const timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339' });
/** A time of a request that is stored as it is. A time that is only compared may be outside these years. */
export const storedTimestamp = timestamp.refine(
  (value) => storableDate(value) !== undefined,
  'must be in the years 1 to 9999 of UTC',
);

function isTimeZone(name: string): boolean {
  // Intl also accepts offsets such as +01:00, which are not names of zones.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin')
  .meta({ description: 'name of a time zone in the IANA database' });
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .meta({ description: 'SHA-256, 64 lower-case hexadecimal digits' });
export const latitude = z.number().min(-90).max(90).meta({ description: 'degrees, WGS 84' });
export const longitude = z.number().min(-180).max(180).meta({ description: 'degrees, WGS 84' });
export const byteCount = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** Bytes of a file, from `offset` on. */
export const byteSpan = z.object({ offset: byteCount, length: byteCount }).meta({ id: 'ByteSpan' });
export const pixels = z.number().int().positive().max(1_000_000);
export const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email())
  .meta({
    description: 'e-mail address; case does not matter',
    override: { pattern: z.regexes.email.source },
  });
/** Whether a text is short enough. An emoji is one character, as in JSON Schema, and not two as in `length`. */
const hasAtMost = (max: number) => (value: string) =>
  value.length <= max || (value.length <= 2 * max && [...value].length <= max);

/** The pattern of `line` with blanks around it, for the documentation. The parser trims and checks again. */
const NOT_BLANK = (() => {
  const control = '\\u0000-\\u001f\\u007f';
  const blank = '\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff';
  return `^[^${control}]*[^${control}${blank}][^${control}]*$`;
})();

/** One line of text without control characters. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .refine(hasAtMost(max), `must have at most ${max} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters')
    .meta({ override: { maxLength: max, pattern: NOT_BLANK } });
/** Text of several lines; NUL cannot be stored. */
export const text = (max: number) =>
  z
    .string()
    .refine(hasAtMost(max), `must have at most ${max} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'must not contain control characters')
    .meta({ override: { maxLength: max } });

/** Default and largest number of rows in one page of a list. */
export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 500;
/**
 * The largest size of one page of a list, in bytes of JSON. A page whose items would be larger ends before `limit`, with `hasMore`. A
 * first item is on its page whatever its size; every item is far smaller than this.
 */
export const MAX_PAGE_BYTES = 2_000_000;

/**
 * Makes the documentation show a query parameter as the value that it stands for. To the parser it is text; the keywords about the
 * text are removed.
 */
export const shownAs = (schema: Record<string, unknown>) => ({
  override: ({ jsonSchema }: { jsonSchema: Record<string, unknown> }) => {
    for (const name of ['pattern', 'enum']) delete jsonSchema[name];
    Object.assign(jsonSchema, schema);
  },
});

/** A whole number in a query string, where everything is text. */
const limitParam = z
  .string()
  .regex(/^\d{1,6}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.number().int().min(1).max(MAX_LIMIT))
  .default(DEFAULT_LIMIT)
  .meta(
    shownAs({ type: 'integer', format: 'int32', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  );

export const booleanParam = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta(shownAs({ type: 'boolean' }));

export const pageQuery = z.object({
  cursor: z.string().min(1).max(500).optional().meta({ description: 'opaque, from the previous page' }),
  limit: limitParam,
});

/**
 * The envelope of every list: `{ <name>: [...], cursor, hasMore }`. `cursor` is null on an empty last page. `schemaId` names it in the
 * documentation.
 */
export function page<Name extends string, Item extends z.ZodType>(name: Name, item: Item, schemaId?: string) {
  const schema = z.object({
    [name]: z.array(item),
    cursor: z.string().nullable(),
    hasMore: z.boolean().meta({
      description: `whether there are more; a page has fewer items than the limit where it would be larger than ${MAX_PAGE_BYTES / 1_000_000} MB`,
    }),
  } as { [K in Name]: z.ZodArray<Item> } & { cursor: z.ZodNullable<z.ZodString>; hasMore: z.ZodBoolean });
  return schemaId === undefined ? schema : schema.meta({ id: schemaId });
}
