import type { Cicp } from '../types.js';
import { decodeSrgb, encodeSrgb, gamutOf, isSrgbGamut, type Row } from './colour-spaces.js';

/**
 * From samples that are described by code points (ITU-T H.273) to sRGB: PQ and HLG pictures (ITU-R BT.2100) are tone-mapped,
 * wider gamuts are clipped to that of sRGB, as a relative colorimetric conversion does.
 */

const PQ = 16;
const HLG = 18;
/** Candela per square metre of diffuse white (ITU-R BT.2408): linear 1 in what follows. */
const WHITE_NITS = 203;
/** The display for which HLG is meant, with the exponent of its system transfer function (ITU-R BT.2100, table 5). */
const HLG_PEAK_NITS = 1000;
const HLG_GAMMA = 1.2;

/** Transfer functions from the sample (0 to 1) to light, where diffuse white is 1. All others are close to that of sRGB. */
const TRANSFERS: Readonly<Record<number, (sample: number) => number>> = {
  4: (sample) => sample ** 2.2,
  5: (sample) => sample ** 2.8,
  8: (sample) => sample,
  17: (sample) => (sample ** 2.6 * 52.37) / 48,
  [PQ]: fromPq,
  [HLG]: fromHlg,
};

/** Whether pictures so described can be shown as they are. Code point 2 means unspecified. */
export function isSrgb({ primaries, transfer, fullRange = true }: Cicp): boolean {
  return fullRange && isSrgbGamut(primaries) && TRANSFERS[transfer] === undefined;
}

/** Samples without gaps: one or three colour channels, and alpha if the number is even. */
export interface Samples {
  data: Uint8Array | Uint16Array;
  channels: 1 | 2 | 3 | 4;
}

/** Converts samples that span their type's whole range. Returns bytes of the same channels. */
export function cicpToSrgb({ data, channels }: Samples, cicp: Cicp): Buffer {
  const max = data instanceof Uint16Array ? 65_535 : 255;
  const toLight = lightTable(cicp, max);
  const gamut = gamutOf(cicp.primaries);
  const isHdr = cicp.transfer === PQ || cicp.transfer === HLG;
  const colours = channels > 2 ? 3 : 1;
  const display = cicp.transfer === HLG ? hlgDisplay(gamut.luminance) : unchanged;
  const light: [number, number, number] = [0, 0, 0];
  const read = (at: number) => {
    for (let colour = 0; colour < 3; colour++)
      light[colour] = toLight[data[at + (colours === 3 ? colour : 0)] ?? 0] ?? 0;
    display(light);
  };
  const tone = isHdr ? toneCurve(peakOf(data, channels, light, read)) : undefined;
  const result = Buffer.alloc(data.length);
  for (let at = 0; at < data.length; at += channels) {
    read(at);
    if (tone) mapTone(light, tone);
    for (let colour = 0; colour < colours; colour++) {
      const [r, g, b] = gamut.toSrgb[colour] ?? [0, 0, 0];
      result[at + colour] = encodeSrgb(r * light[0] + g * light[1] + b * light[2]);
    }
    if (channels > colours) result[at + colours] = Math.round(((data[at + colours] ?? 0) * 255) / max);
  }
  return result;
}

type Light = [number, number, number];
const unchanged = (_light: Light): void => undefined;

function lightTable({ transfer, fullRange = true }: Cicp, max: number): Float32Array {
  const toLight = TRANSFERS[transfer] ?? decodeSrgb;
  const [black, white] = fullRange ? [0, 1] : [16 / 255, 235 / 255];
  return Float32Array.from({ length: max + 1 }, (_, sample) =>
    toLight(Math.min(Math.max((sample / max - black) / (white - black), 0), 1)),
  );
}

/** ITU-R BT.2100, table 4. */
function fromPq(sample: number): number {
  const m1 = 1305 / 8192;
  const m2 = 2523 / 32;
  const c1 = 107 / 128;
  const c2 = 2413 / 128;
  const c3 = 2392 / 128;
  const power = sample ** (1 / m2);
  return (10_000 / WHITE_NITS) * (Math.max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1);
}

/** ITU-R BT.2100, table 5: the scene's light, 0 to 1, before the display's part of it. */
function fromHlg(sample: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return sample <= 0.5 ? sample ** 2 / 3 : (Math.exp((sample - c) / a) + b) / 12;
}

/** ITU-R BT.2100, table 5: what the display makes of the scene's light. */
function hlgDisplay([r, g, b]: Row): (light: Light) => void {
  return (light) => {
    const luminance = r * light[0] + g * light[1] + b * light[2];
    const gain = (HLG_PEAK_NITS / WHITE_NITS) * luminance ** (HLG_GAMMA - 1);
    for (let colour = 0; colour < 3; colour++) light[colour] = (light[colour] ?? 0) * gain;
  };
}

/** The brightest light of a picture, without the few pixels (a thousandth) that reflections and noise are. */
function peakOf(data: Samples['data'], channels: number, light: Light, read: (at: number) => void): number {
  const perUnit = 16;
  const histogram = new Uint32Array(perUnit * Math.ceil(10_000 / WHITE_NITS) + 1);
  for (let at = 0; at < data.length; at += channels) {
    read(at);
    const bin = Math.min(Math.ceil(Math.max(...light) * perUnit), histogram.length - 1);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  let brighter = data.length / channels / 1000;
  let bin = histogram.length - 1;
  while (bin > 0 && brighter >= (histogram[bin] ?? 0)) brighter -= histogram[bin--] ?? 0;
  return bin / perUnit;
}

/** Light up to here is shown as it is; half of white is three quarters of the way to white for the eye. */
const KNEE = 0.5;

/**
 * A curve from light to the light of a display that ends at white: straight up to the knee, from there on Reinhard's extended
 * curve (Reinhard et al., Photographic Tone Reproduction for Digital Images, 2002, equation 4), which reaches white at the
 * picture's peak. Where nothing is brighter than white, all stays as it is.
 */
function toneCurve(peak: number): ((light: number) => number) | undefined {
  if (peak <= 1.1) return undefined;
  const room = 1 - KNEE;
  const white = (peak - KNEE) / room;
  return (light) => {
    if (light <= KNEE) return light;
    const above = (light - KNEE) / room;
    return Math.min(KNEE + (room * above * (1 + above / white ** 2)) / (1 + above), 1);
  };
}

/** All three colours by the same factor, which keeps the hue. */
function mapTone(light: Light, tone: (light: number) => number): void {
  const brightest = Math.max(light[0], light[1], light[2]);
  if (brightest <= KNEE) return;
  const factor = tone(brightest) / brightest;
  for (let colour = 0; colour < 3; colour++) light[colour] = (light[colour] ?? 0) * factor;
}
