import { z } from 'zod';
import { defineEndpoints } from './endpoint.js';
import { photo } from './photos.js';
import { booleanParam, id, line, page, pageQuery, shownAs, timestamp } from './primitives.js';

/** The greatest distance of two points on Earth. */
export const MAX_RADIUS_KM = 20_040;
export const DEFAULT_RADIUS_KM = 10;

const DECIMAL = '[+-]?\\d{1,5}(?:\\.\\d{1,20})?(?:[eE][+-]?\\d{1,2})?';
/** Numbers in a query string, separated by commas. */
const decimals = (count: number) =>
  z
    .string()
    .regex(
      new RegExp(`^${DECIMAL}(?:,${DECIMAL}){${count - 1}}$`),
      `must be ${count === 1 ? 'a number' : `${count} numbers, separated by commas`}`,
    )
    .transform((value) => value.split(',').map(Number));

const isLatitude = (value: number) => Math.abs(value) <= 90;
const isLongitude = (value: number) => Math.abs(value) <= 180;

const near = decimals(2)
  .transform(([lat = 0, lon = 0]) => ({ lat, lon }))
  .refine(({ lat, lon }) => isLatitude(lat) && isLongitude(lon), 'must be latitude,longitude')
  .optional()
  .meta({
    ...shownAs({ type: 'string', pattern: `^${DECIMAL},${DECIMAL}$` }),
    description: 'latitude,longitude in degrees: photos taken no further away than radiusKm',
    example: '50.0875,14.4213',
  });

const radiusKm = decimals(1)
  .transform(([value = 0]) => value)
  .refine((value) => value > 0 && value <= MAX_RADIUS_KM, `must be above 0 and at most ${MAX_RADIUS_KM}`)
  .optional()
  .meta({
    ...shownAs({
      type: 'number',
      format: 'double',
      exclusiveMinimum: 0,
      maximum: MAX_RADIUS_KM,
    }),
    description: `only with near; kilometres along the great circle, ${DEFAULT_RADIUS_KM} if absent`,
  });

const bbox = decimals(4)
  .transform(([west = 0, south = 0, east = 0, north = 0]) => ({ west, south, east, north }))
  .refine(
    ({ west, south, east, north }) =>
      [west, east].every(isLongitude) && [south, north].every(isLatitude) && south <= north,
    'must be minLon,minLat,maxLon,maxLat',
  )
  .optional()
  .meta({
    ...shownAs({ type: 'string', pattern: `^${DECIMAL}(,${DECIMAL}){3}$` }),
    description:
      'minLon,minLat,maxLon,maxLat in degrees (the order of GeoJSON), edges included; minLon greater than maxLon crosses the antimeridian',
    example: '14.2,49.9,14.7,50.2',
  });

const MAX_CHARACTERS = 200;

/** Text to look for; blank is the same as absent. */
const words = z
  .string()
  .refine((value) => [...value.slice(0, 2 * MAX_CHARACTERS + 1)].length <= MAX_CHARACTERS, {
    message: `must have at most ${MAX_CHARACTERS} characters`,
  })
  .transform((value) => value.trim() || undefined)
  .optional();

const query = pageQuery
  .extend({
    q: words.meta({
      ...shownAs({ type: 'string', maxLength: MAX_CHARACTERS }),
      description:
        'at most 20 words, all of which the photo must have in its file name, tags, description, place, camera or lens; case and accents do not matter. A word matches all words that begin with it; words in quotation marks must match whole words that are adjacent in one field',
      example: 'průhonice "autumn leaves"',
    }),
    from: timestamp.optional().meta({ description: 'captured at or after' }),
    to: timestamp.optional().meta({ description: 'captured before' }),
    tag: line(100).optional().meta({ description: 'the whole tag; case does not matter' }),
    camera: words.meta({
      ...shownAs({ type: 'string', maxLength: MAX_CHARACTERS }),
      description: 'whole words of the make and model',
      example: 'iphone 15',
    }),
    favorite: booleanParam.optional(),
    archived: booleanParam.optional().meta({ description: 'absent: both' }),
    albumId: id.optional(),
    near,
    radiusKm,
    bbox,
  })
  .refine(({ near, radiusKm }) => near !== undefined || radiusKm === undefined, {
    message: 'is allowed only with near',
    path: ['radiusKm'],
  })
  .refine(
    ({ cursor: _cursor, limit: _limit, ...asked }) =>
      Object.values(asked).some((value) => value !== undefined),
    { message: 'give q or at least one filter', path: ['q'] },
  );

export const searchEndpoints = defineEndpoints('catalog', {
  search: {
    method: 'get',
    path: '/search',
    summary:
      'Photos by words, time, place and other filters, the best match first; photos in the trash are left out',
    query,
    success: {
      status: 200,
      body: page('photos', photo, 'SearchPage'),
      description:
        'A page of photos: by rank, then newest capture first; only by capture without q, and if very many photos match',
    },
    problems: ['invalid_cursor', 'not_found'],
  },
});
