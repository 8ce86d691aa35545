import type { MediaErrorCode } from '../errors.js';

/** What the decoder thread is asked. */
export interface DecodeRequest {
  path: string;
  maxPixels: number;
}

/** Upright pixels, 8 bits a channel, RGB or RGBA without gaps, with room for a header in front of them. */
export interface DecodedHeic {
  buffer: ArrayBuffer;
  pixelOffset: number;
  width: number;
  height: number;
  channels: 3 | 4;
  icc?: Uint8Array;
}

export interface DecodeFailure {
  /** `machine` stands for everything that is not the file's fault. */
  code: MediaErrorCode | 'machine';
  reason: string;
}

export type DecodeReply = { decoded: DecodedHeic } | { failure: DecodeFailure };
