import type { MediaErrorCode } from '../errors.js';
import type { Cicp } from '../types.js';

/** What the decoder thread is asked for. */
export interface DecodeRequest {
  path: string;
  maxPixels: number;
  /** The decoder's own allocations together; more is `too_large`. */
  maxMemoryBytes: number;
  /** The picture may come reduced, as long as its longer side keeps this many pixels. */
  minLongerSide: number;
}

/**
 * Upright pixels, RGB or RGBA, without gaps between the rows, with `pixelOffset` bytes of room for a header in front of them.
 * Samples are bytes, or 16-bit words of the machine's byte order (little-endian on x64 and arm64) that span the whole range.
 */
export interface Pixels {
  buffer: ArrayBuffer;
  pixelOffset: number;
  width: number;
  height: number;
  channels: 3 | 4;
  bitsPerSample: 8 | 16;
}

export interface DecodedHeic {
  pixels: Pixels;
  /** Of the photo as displayed; the pixels may be fewer. */
  width: number;
  height: number;
  icc?: Uint8Array;
  /** Absent beside an ICC profile, which goes first (ISO/IEC 23000-22, 7.3.6.4). */
  cicp?: Cicp;
}

export interface DecodeFailure {
  /** `machine` stands for everything that is not the file's fault. */
  code: MediaErrorCode | 'machine';
  reason: string;
  /** When so much could be read. */
  size?: Size;
}

/** First the size of the photo, when its header can be read, then what came of it. */
export type DecodeReply = { size: Size } | DecodeOutcome;
export type DecodeOutcome = { decoded: DecodedHeic } | { failure: DecodeFailure };

/** Of the photo as displayed, in pixels. */
export interface Size {
  width: number;
  height: number;
}
