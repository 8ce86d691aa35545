/** Conversions between the primaries of displays, on linear light. */

/** Chromaticities x and y of red, green, blue and white (ITU-T H.273, table 2). */
type Chromaticities = readonly [r: Xy, g: Xy, b: Xy, white: Xy];
type Xy = readonly [number, number];
export type Matrix = readonly [Row, Row, Row];
export type Row = readonly [number, number, number];

const D65: Xy = [0.3127, 0.329];
const ILLUMINANT_C: Xy = [0.31, 0.316];
const BT709: Chromaticities = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], D65];
const SMPTE170: Chromaticities = [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07], D65];
const CHROMATICITIES_BY_CODE: Readonly<Record<number, Chromaticities>> = {
  1: BT709,
  4: [[0.67, 0.33], [0.21, 0.71], [0.14, 0.08], ILLUMINANT_C],
  5: [[0.64, 0.33], [0.29, 0.6], [0.15, 0.06], D65],
  6: SMPTE170,
  7: SMPTE170,
  8: [[0.681, 0.319], [0.243, 0.692], [0.145, 0.049], ILLUMINANT_C],
  9: [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65],
  10: [
    [1, 0],
    [0, 1],
    [0, 0],
    [1 / 3, 1 / 3],
  ],
  11: [
    [0.68, 0.32],
    [0.265, 0.69],
    [0.15, 0.06],
    [0.314, 0.351],
  ],
  12: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65],
  22: [[0.63, 0.34], [0.295, 0.605], [0.155, 0.077], D65],
};

export interface Gamut {
  /** From linear light of the gamut's primaries to that of sRGB; negative or above 1 outside of sRGB. */
  toSrgb: Matrix;
  /** The part of each primary in the luminance. */
  luminance: Row;
}

/** The gamut of a code point of ITU-T H.273; that of sRGB for those which are unspecified or unknown. */
export function gamutOf(primaries: number): Gamut {
  const chromaticities = CHROMATICITIES_BY_CODE[primaries] ?? BT709;
  const toXyz = rgbToXyz(chromaticities);
  const adapted = multiply(adaptation(chromaticities[3], D65), toXyz);
  return { toSrgb: multiply(invert(rgbToXyz(BT709)), adapted), luminance: toXyz[1] };
}

export function isSrgbGamut(primaries: number): boolean {
  return (CHROMATICITIES_BY_CODE[primaries] ?? BT709) === BT709;
}

/** SMPTE RP 177: the matrix whose columns are the primaries, scaled to add up to white. */
function rgbToXyz([r, g, b, white]: Chromaticities): Matrix {
  const columns: Matrix = [
    [r[0], g[0], b[0]],
    [r[1], g[1], b[1]],
    [1 - r[0] - r[1], 1 - g[0] - g[1], 1 - b[0] - b[1]],
  ];
  const [sr, sg, sb] = transform(invert(columns), xyzOf(white));
  return columns.map(([x, y, z]) => [x * sr, y * sg, z * sb] as const) as unknown as Matrix;
}

const xyzOf = ([x, y]: Xy): Row => [x / y, 1, (1 - x - y) / y];

/** Bradford's chromatic adaptation, as in the ICC specification, annex E. */
function adaptation(from: Xy, to: Xy): Matrix {
  const cones: Matrix = [
    [0.8951, 0.2664, -0.1614],
    [-0.7502, 1.7135, 0.0367],
    [0.0389, -0.0685, 1.0296],
  ];
  const [r, g, b] = transform(cones, xyzOf(from));
  const [toR, toG, toB] = transform(cones, xyzOf(to));
  const scale: Matrix = [
    [toR / r, 0, 0],
    [0, toG / g, 0],
    [0, 0, toB / b],
  ];
  return multiply(invert(cones), multiply(scale, cones));
}

function transform(matrix: Matrix, [x, y, z]: Row): Row {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Row;
}

function multiply(left: Matrix, right: Matrix): Matrix {
  const column = (index: 0 | 1 | 2): Row =>
    transform(left, [right[0][index], right[1][index], right[2][index]]);
  const [a, b, c] = [column(0), column(1), column(2)];
  return [
    [a[0], b[0], c[0]],
    [a[1], b[1], c[1]],
    [a[2], b[2], c[2]],
  ];
}

function invert([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const over = (value: number) => value / determinant;
  return [
    [over(e * i - f * h), over(c * h - b * i), over(b * f - c * e)],
    [over(f * g - d * i), over(a * i - c * g), over(c * d - a * f)],
    [over(d * h - e * g), over(b * g - a * h), over(a * e - b * d)],
  ];
}

/** The transfer function of sRGB (IEC 61966-2-1). */

/** Steps of light between black and white. Finer ones make no difference to a byte. */
const LIGHT_STEPS = 65_535;
const BYTE_OF_LIGHT = Uint8Array.from({ length: LIGHT_STEPS + 1 }, (_, step) => {
  const light = step / LIGHT_STEPS;
  return Math.round(255 * (light <= 0.003_130_8 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
});

/** Returns the byte of sRGB for linear light, where 1 is white; what is outside of 0 to 1 is clipped, NaN is black. */
export function encodeSrgb(light: number): number {
  // Comparisons with NaN are false.
  const step = light >= 1 ? LIGHT_STEPS : light > 0 ? Math.round(light * LIGHT_STEPS) : 0;
  return BYTE_OF_LIGHT[step] ?? 0;
}

/** Returns the linear light, 0 to 1, of a sample of sRGB, 0 to 1. */
export function decodeSrgb(sample: number): number {
  return sample <= 0.040_45 ? sample / 12.92 : ((sample + 0.055) / 1.055) ** 2.4;
}
