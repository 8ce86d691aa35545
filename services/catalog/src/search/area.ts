/** Degrees; `west` is not greater than `east`. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** As in a request: `west` greater than `east` crosses the antimeridian. */
export type Bounds = Box;

export interface Circle {
  lat: number;
  lon: number;
  radiusKm: number;
}

/** The mean radius of the Earth (IUGG). */
export const EARTH_RADIUS_KM = 6371.0088;

const degrees = (radians: number): number => (radians * 180) / Math.PI;
const radians = (value: number): number => (value * Math.PI) / 180;

/**
 * Returns the boxes that cover these bounds. The meridians 180 and -180 are one, and so are all points with the latitude of a pole.
 */
export function boxesOfBounds({ west, south, east, north }: Bounds): Box[] {
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

/** Wider than the rounding of the arithmetic, in degrees: a box is the first look, the distance decides. */
const MARGIN = 1e-6;

/** Returns boxes around everything that is no further away than the radius. */
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
