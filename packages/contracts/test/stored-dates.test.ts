import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Endpoint, endpoints } from '../src/index.js';

/** Those of years that a database or a JSON document cannot hold, once they are in UTC. */
const NOT_STORABLE = [
  '9999-12-31T23:59:59-14:00',
  '0000-06-01T12:00:00Z',
  '0000-12-31T23:59:59.999Z',
  '0001-01-01T00:00:00+14:00',
];
const STORABLE = ['0001-01-01T00:00:00Z', '2026-05-01T12:00:00.123+02:00', '9999-12-31T23:59:59.999Z'];

const BOUND = 'a bound of a search: beyond the first and the last time there is nothing';
const EDIT_TIME =
  'only compared with the times of other edits, which are numbers or texts; a time in the future counts as now';
/** Fields that accept such a date, since it is not stored, and why. */
const NOT_STORED: Record<string, string> = {
  'createUploadSession body.capturedAt': 'counts as absent: no photo is refused for a wrong date',
  'listPhotos query.from': BOUND,
  'listPhotos query.to': BOUND,
  'photoTimeline query.from': BOUND,
  'photoTimeline query.to': BOUND,
  'search query.from': BOUND,
  'search query.to': BOUND,
  'editPhoto body.updatedAt': EDIT_TIME,
  'updateAlbum body.updatedAt': EDIT_TIME,
};

interface Part {
  /** Its place in a value; empty if it is about the same value, as what is inside an optional schema. */
  place: string;
  schema: z.ZodType;
}

/** The keys of a definition whose schemas are about what a list, a tuple or a record holds. */
const MEMBERS = new Set(['element', 'items', 'rest', 'keyType', 'valueType', 'catchall']);

/** The schemas that a schema is made of. */
function partsOf(schema: z.ZodType): Part[] {
  const definition: Record<string, unknown> = { ...schema.def };
  const fields = Object.entries((definition.shape ?? {}) as Record<string, z.ZodType>);
  const others = Object.entries(definition).flatMap(([key, value]) =>
    [value]
      .flat()
      .filter((part): part is z.ZodType => part instanceof z.ZodType)
      .map((part) => ({ place: MEMBERS.has(key) ? '[]' : '', schema: part })),
  );
  return [...fields.map(([name, field]) => ({ place: `.${name}`, schema: field })), ...others];
}

/** Whether a value of a schema may be a date, whatever else the schema says about it. */
function isDate(schema: z.ZodType): boolean {
  const { type, format }: { type: string; format?: string } = schema.def;
  if (type === 'date' || format === 'datetime') return true;
  return partsOf(schema).some((part) => part.place === '' && isDate(part.schema));
}

/** Every date in a value of a schema, at any depth, with all that the schema says about it. */
function datesIn(schema: z.ZodType, path: string): { path: string; schema: z.ZodType }[] {
  if (isDate(schema)) return [{ path, schema }];
  return partsOf(schema).flatMap((part) => datesIn(part.schema, path + part.place));
}

const fields = Object.values<Endpoint>(endpoints).flatMap(({ id, body, query }) => [
  ...(body === undefined || body === 'binary' ? [] : datesIn(body, `${id} body`)),
  ...(query === undefined ? [] : datesIn(query, `${id} query`)),
]);
const accepted = (schema: z.ZodType, dates: readonly string[]) =>
  dates.filter((date) => schema.safeParse(date).success);

describe('dates of requests', () => {
  test('are found at any depth, with all that is said about them', () => {
    const date = z.iso.datetime();
    const schema = z
      .object({
        plain: date,
        wrapped: date
          .refine(() => true)
          .nullable()
          .optional()
          .meta({ description: 'x' }),
        list: z.array(z.object({ at: date })).optional(),
        either: z.union([z.string().max(3), date]),
        piped: z.string().pipe(date),
        coerced: z.coerce.date(),
        byName: z.record(z.string(), date),
        text: z.string(),
      })
      .refine(() => true);
    expect(datesIn(schema, 'body').map(({ path }) => path)).toEqual([
      'body.plain',
      'body.wrapped',
      'body.list[].at',
      'body.either',
      'body.piped',
      'body.coerced',
      'body.byName[]',
    ]);
  });

  test.each(fields)(
    '$path: accepts what can be stored, and refuses the rest, unless it is not stored',
    ({ path, schema }) => {
      expect(accepted(schema, STORABLE)).toEqual(STORABLE);
      expect(accepted(schema, NOT_STORABLE)).toEqual(path in NOT_STORED ? NOT_STORABLE : []);
    },
  );

  test('no exception is for a field that does not exist', () => {
    const paths = fields.map(({ path }) => path);
    expect(Object.keys(NOT_STORED).filter((path) => !paths.includes(path))).toEqual([]);
  });
});
