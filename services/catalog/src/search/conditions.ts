import type { endpoints, QueryOf } from '@lazyphotos/contracts';
import { DEFAULT_RADIUS_KM } from '@lazyphotos/contracts';
import { Prisma } from '../prisma.js';
import { nearestInstant } from '../values.js';

export type SearchQuery = QueryOf<typeof endpoints.search>;

const { sql, join } = Prisma;
const either = (parts: Prisma.Sql[]): Prisma.Sql => sql`(${join(parts, ' OR ')})`;

/** For the GiST index. PostgreSQL compares points with a tolerance, so an exact condition stands beside it. */
const inBox = ({ west, south, east, north }: Box): Prisma.Sql =>
  sql`point(photos.location_lon, photos.location_lat) <@ box(point(${west}::float8, ${south}::float8), point(${east}::float8, ${north}::float8))`;

const between = ({ west, south, east, north }: Box): Prisma.Sql =>
  sql`(photos.location_lon BETWEEN ${west}::float8 AND ${east}::float8 AND photos.location_lat BETWEEN ${south}::float8 AND ${north}::float8)`;

/** Great-circle distance by the haversine formula, which is exact for small distances, too. */
const within = ({ lat, lon, radiusKm }: Circle): Prisma.Sql => sql`
  2 * ${EARTH_RADIUS_KM}::float8 * asin(least(1, sqrt(
    power(sind((photos.location_lat - ${lat}::float8) / 2), 2) + cosd(${lat}::float8) * cosd(photos.location_lat)
      * power(sind((photos.location_lon - ${lon}::float8) / 2), 2)
  ))) <= ${radiusKm}::float8`;

/** `index`: whether the index on places may be used. */
function areaConditions({ near, radiusKm, bbox }: SearchQuery, index: boolean): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  if (near || bbox) conditions.push(sql`photos.location_lat IS NOT NULL`);
  if (bbox) {
    const boxes = boxesOfBounds(bbox);
    if (index) conditions.push(either(boxes.map(inBox)));
    conditions.push(either(boxes.map(between)));
  }
  if (near) {
    const circle = { ...near, radiusKm: radiusKm ?? DEFAULT_RADIUS_KM };
    const boxes = boxesAround(circle);
    conditions.push(either(boxes.map(index ? inBox : between)), within(circle));
  }
  return conditions;
}

/** Conditions with an index of their own: words and places. `isHidden`: the planner must not estimate by the words. */
export function selectiveConditions(
  query: SearchQuery,
  match: string | undefined,
  { index, isHidden = false }: { index: boolean; isHidden?: boolean },
): Prisma.Sql[] {
  const conditions = areaConditions(query, index);
  // As a function call it is the same condition, but one that no index serves.
  if (match !== undefined) {
    const words = isHidden ? sql`(SELECT ${match}::tsquery)` : sql`${match}::tsquery`;
    conditions.push(index ? sql`photos.search @@ ${words}` : sql`ts_match_vq(photos.search, ${words})`);
  }
  return conditions;
}

export function timeConditions({ from, to }: SearchQuery): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  if (from) conditions.push(sql`photos.sort_at >= ${nearestInstant(from)}`);
  if (to) conditions.push(sql`photos.sort_at < ${nearestInstant(to)}`);
  return conditions;
}

/** The filters that the list of photos has, too. */
export function flagConditions({ favorite, archived, albumId }: SearchQuery): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  if (favorite !== undefined) conditions.push(sql`photos.favorite = ${favorite}`);
  if (archived !== undefined) conditions.push(sql`photos.archived = ${archived}`);
  if (albumId)
    conditions.push(sql`EXISTS (SELECT 1 FROM album_items
      WHERE album_items.album_id = ${albumId}::uuid AND album_items.photo_id = photos.id)`);
  return conditions;
}

/** True for every photo with these flags: with a value of each flag PostgreSQL can start at a time in the index of the list. */
export const indexedFlags = ({ favorite, archived }: SearchQuery): Prisma.Sql => {
  const anyOf = (flag: boolean | undefined) => (flag === undefined ? sql`true, false` : sql`${flag}`);
  return sql`photos.favorite IN (${anyOf(favorite)}) AND photos.archived IN (${anyOf(archived)})`;
};

/** Degrees; `west` is not greater than `east`. */
interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

interface Circle {
  lat: number;
  lon: number;
  radiusKm: number;
}

/** The mean radius of the Earth (IUGG). */
export const EARTH_RADIUS_KM = 6371.0088;

const degrees = (radians: number): number => (radians * 180) / Math.PI;
const radians = (value: number): number => (value * Math.PI) / 180;

/**
 * Returns the boxes that cover the bounds of a request, whose `west` is greater than `east` across the antimeridian. The meridians 180 and
 * -180 are the same, and so are all points with the latitude of a pole.
 */
function boxesOfBounds({ west, south, east, north }: Box): Box[] {
  const spans =
    west <= east
      ? [{ west, east }]
      : [
          { west, east: 180 },
          { west: -180, east },
        ];
  if (spans.some((span) => span.east === 180)) spans.push({ west: -180, east: -180 });
  if (spans.some((span) => span.west === -180)) spans.push({ west: 180, east: 180 });
  const boxes = spans.map((span) => ({ ...span, south, north }));
  if (north === 90) boxes.push({ west: -180, east: 180, south: 90, north: 90 });
  if (south === -90) boxes.push({ west: -180, east: 180, south: -90, north: -90 });
  return boxes;
}

/** Wider than the rounding of the arithmetic, in degrees: a box only preselects, the distance decides. */
const MARGIN = 1e-6;

/** Returns boxes that contain all points within the radius. */
export function boxesAround({ lat, lon, radiusKm }: Circle): Box[] {
  const angle = radiusKm / EARTH_RADIUS_KM;
  const south = lat - degrees(angle) - MARGIN;
  const north = lat + degrees(angle) + MARGIN;
  // Around a pole all meridians come close.
  if (south <= -90 || north >= 90)
    return [{ west: -180, east: 180, south: Math.max(south, -90), north: Math.min(north, 90) }];
  const half = degrees(Math.asin(Math.min(1, Math.sin(angle) / Math.cos(radians(lat))))) + MARGIN;
  if (half >= 180) return [{ west: -180, east: 180, south, north }];
  const wrapped = (value: number) => (value > 180 ? value - 360 : value < -180 ? value + 360 : value);
  return boxesOfBounds({ west: wrapped(lon - half), east: wrapped(lon + half), south, north });
}
