import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { boxesAround, EARTH_RADIUS_KM } from '../../src/search/conditions.js';
import { type CatalogNode, startCatalog } from '../harness.js';
import { type Asked, createFinder } from './finder.js';

type Point = [lat: number, lon: number];

/** The angle between two vectors from the middle of the Earth: another way than the service's, for comparison. */
function kilometres([lat1, lon1]: Point, [lat2, lon2]: Point): number {
  const vector = (lat: number, lon: number) => {
    const [a, b] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
    return [Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)] as const;
  };
  const [x, y] = [vector(lat1, lon1), vector(lat2, lon2)];
  const cross = Math.hypot(x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]);
  return EARTH_RADIUS_KM * Math.atan2(cross, x[0] * y[0] + x[1] * y[1] + x[2] * y[2]);
}

const latitude = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.constantFrom(-90, 90, 0, 89.99));
const longitude = fc.oneof(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.constantFrom(-180, 180, 0, 179.99),
);
const point = fc.tuple(latitude, longitude) as fc.Arbitrary<Point>;
/** As a request and a camera have it. */
const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
const place = point.map(([lat, lon]): Point => [rounded(lat), rounded(lon)]);

describe('the boxes around a circle', () => {
  it('hold everything inside it', () => {
    fc.assert(
      fc.property(point, point, fc.double({ min: 0, max: 1000, noNaN: true }), ([lat, lon], other, more) => {
        const radiusKm = kilometres([lat, lon], other) + more;
        const inside = boxesAround({ lat, lon, radiusKm }).some(
          ({ west, south, east, north }) =>
            other[1] >= west && other[1] <= east && other[0] >= south && other[0] <= north,
        );
        expect(inside).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('are small for a small circle', () => {
    expect(boxesAround({ lat: 50, lon: 14, radiusKm: 10 })).toHaveLength(1);
    expect(boxesAround({ lat: 0, lon: 180, radiusKm: 10 }).length).toBeGreaterThan(1);
    const [box] = boxesAround({ lat: 60, lon: 0, radiusKm: 100 });
    expect((box?.east ?? 0) - (box?.west ?? 0)).toBeLessThan(4);
  });
});

describeWithPostgres('search by place', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog();
  });
  afterAll(() => node.stop());

  const library = async (...points: Point[]) => {
    const user = node.user();
    const ids = await user.addPhotos(points.length, (index) => ({
      capturedAt: new Date(Date.UTC(2024, 0, 28) - index * 3_600_000).toISOString(),
      locationLat: points[index]?.[0] ?? 0,
      locationLon: points[index]?.[1] ?? 0,
      fileName: `number ${index}.jpg`,
    }));
    await user.addPhoto();
    const finder = createFinder(user);
    return async (asked: Asked) => (await finder.ids(asked)).map((id) => ids.indexOf(id));
  };
  const PRAGUE: Point = [50.0875, 14.4213];
  const BRNO: Point = [49.1951, 16.6068];

  it('near: within the radius, 10 km if not given, newest first', async () => {
    const find = await library(BRNO, [50.1, 14.43], PRAGUE, [50.0875, 14.9]);
    expect(await find({ near: PRAGUE.join(',') })).toEqual([1, 2]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 40 })).toEqual([1, 2, 3]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 180 })).toEqual([1, 2, 3]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 190 })).toEqual([0, 1, 2, 3]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 0.001 })).toEqual([2]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 20_040 })).toEqual([0, 1, 2, 3]);
    expect(await find({ near: PRAGUE.join(','), radiusKm: 40, q: 'number 3' })).toEqual([3]);
  });

  it.each<[string, Point, number, Point[], number[]]>([
    [
      'over the antimeridian',
      [0, 179.95],
      20,
      [
        [0, -179.95],
        [0, 179.9],
        [0, 179],
        [0, 180],
        [0, -180],
      ],
      [0, 1, 3, 4],
    ],
    [
      'from exactly 180',
      [10, 180],
      5,
      [
        [10, -180],
        [10, 180],
        [10, -179.99],
        [10, 170],
      ],
      [0, 1, 2],
    ],
    [
      'around the north pole',
      [89.9, 0],
      30,
      [
        [89.9, 180],
        [90, 77],
        [89.95, -90],
        [89, 0],
      ],
      [0, 1, 2],
    ],
    [
      'at the south pole',
      [-90, 12],
      1,
      [
        [-90, -100],
        [-89.999, 50],
        [-89, 12],
      ],
      [0, 1],
    ],
    [
      'at the equator and Greenwich',
      [0, 0],
      1,
      [
        [0, 0],
        [0, -0.001],
        [0.1, 0],
      ],
      [0, 1],
    ],
  ])('near: %s', async (_name, centre, radiusKm, points, expected) => {
    const find = await library(...points);
    expect(await find({ near: centre.join(','), radiusKm })).toEqual(expected);
  });

  it.each<[string, string, Point[], number[]]>([
    [
      'edges included, no more',
      '14,49,15,50',
      [
        [49, 14],
        [50, 15],
        [50.0000005, 15],
        [49.5, 13.9999995],
        [14.5, 49.5],
      ],
      [0, 1],
    ],
    [
      'over the antimeridian',
      '170,-10,-170,10',
      [
        [0, 175],
        [0, -175],
        [0, 180],
        [0, -180],
        [0, 0],
        [11, 175],
      ],
      [0, 1, 2, 3],
    ],
    [
      'up to the antimeridian',
      '170,-10,180,10',
      [
        [0, -180],
        [0, 180],
        [0, -179],
      ],
      [0, 1],
    ],
    [
      'from the antimeridian',
      '-180,-10,-170,10',
      [
        [0, 180],
        [0, -175],
        [0, 175],
      ],
      [0, 1],
    ],
    [
      'the whole Earth',
      '-180,-90,180,90',
      [
        [0, 0],
        [90, 180],
        [-90, -180],
      ],
      [0, 1, 2],
    ],
    [
      'with a pole',
      '0,80,10,90',
      [
        [90, -120],
        [85, 5],
        [85, -120],
      ],
      [0, 1],
    ],
    [
      'a point',
      '5,5,5,5',
      [
        [5, 5],
        [5, 5.001],
      ],
      [0],
    ],
  ])('bbox: %s', async (_name, bbox, points, expected) => {
    const find = await library(...points);
    expect(await find({ bbox })).toEqual(expected);
  });

  it('is what the distance of every pair says', async () => {
    const points = fc.sample(place, 200);
    const find = await library(...points);
    for (const centre of fc.sample(place, 15)) {
      for (const radiusKm of [50, 2000, 9000, 15_000]) {
        const expected = points.flatMap((other, index) => {
          const distance = kilometres(centre, other);
          expect(Math.abs(distance - radiusKm)).toBeGreaterThan(1e-9);
          return distance <= radiusKm ? [index] : [];
        });
        const near = centre.join(',');
        expect((await find({ near, radiusKm })).sort((a, b) => a - b)).toEqual(expected);
      }
    }
  });
});
