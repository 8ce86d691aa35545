// Part of the decoder thread, see heic-worker.ts.
import type { Pixels } from './heic-decoder.js';

export interface CanvasSize {
  /** Of the picture that is drawn. */
  width: number;
  height: number;
  channels: 3 | 4;
  bitsPerSample: 8 | 16;
  /** Each pixel of the result is the mean of a square of this many pixels a side. At most 16. */
  shrink: number;
  /** Bytes left free in front of the result. */
  pixelOffset: number;
}

/** A rectangle of samples within a larger array. */
export interface Tile {
  samples: Uint8Array | Uint16Array;
  /** Samples from one row to the next. */
  stride: number;
  width: number;
  height: number;
  /** The position of its upper left corner in the picture. Pixels outside of the picture are cut off. */
  x: number;
  y: number;
}

export interface Canvas {
  draw(tile: Tile): void;
  /** Returns the picture. The canvas cannot be used after that. */
  finish(): Pixels;
}

/** Returns what a canvas takes, with the sums from which it makes the means. */
export function canvasBytes({ width, height, channels, bitsPerSample, shrink }: CanvasSize): number {
  const bytes = (Math.ceil(width / shrink) * Math.ceil(height / shrink) * channels * bitsPerSample) / 8;
  return shrink === 1 ? bytes : 3 * bytes;
}

/**
 * Builds a picture from tiles and reduces it at the same time, so that a photo of 200 megapixels is never in memory as a whole.
 * Tiles may come in any order; each pixel must come once.
 */
export function createCanvas(size: CanvasSize): Canvas {
  const { channels, bitsPerSample, shrink, pixelOffset } = size;
  const width = Math.ceil(size.width / shrink);
  const height = Math.ceil(size.height / shrink);
  const count = width * height * channels;
  const buffer = new ArrayBuffer(pixelOffset + (count * bitsPerSample) / 8);
  const result =
    bitsPerSample === 8
      ? new Uint8Array(buffer, pixelOffset, count)
      : new Uint16Array(buffer, pixelOffset, count);
  if (shrink === 1) {
    return {
      draw: (tile) => copyTile(tile, result, size),
      finish: () => ({ buffer, pixelOffset, width, height, channels, bitsPerSample }),
    };
  }
  // 16 * 16 bytes add up to less than 2^16, as many 16-bit words to less than 2^32.
  const sums = bitsPerSample === 8 ? new Uint16Array(count) : new Uint32Array(count);
  return {
    draw: (tile) => addTile(tile, sums, size),
    finish: () => {
      divide(sums, result, size);
      return { buffer, pixelOffset, width, height, channels, bitsPerSample };
    },
  };
}

/** Returns the part of a tile that is inside the picture, in pixels of the tile. */
function visible(tile: Tile, { width, height }: CanvasSize) {
  return {
    left: Math.max(0, -tile.x),
    right: Math.min(tile.width, width - tile.x),
    top: Math.max(0, -tile.y),
    bottom: Math.min(tile.height, height - tile.y),
  };
}

function copyTile(tile: Tile, result: Uint8Array | Uint16Array, size: CanvasSize): void {
  const { left, right, top, bottom } = visible(tile, size);
  if (right <= left) return;
  for (let row = top; row < bottom; row++) {
    const from = row * tile.stride + left * size.channels;
    const line = tile.samples.subarray(from, from + (right - left) * size.channels);
    result.set(line, ((tile.y + row) * size.width + tile.x + left) * size.channels);
  }
}

function addTile(tile: Tile, sums: Uint16Array | Uint32Array, size: CanvasSize): void {
  const { samples, stride } = tile;
  const { channels, shrink } = size;
  const { left, right, top, bottom } = visible(tile, size);
  const rowLength = Math.ceil(size.width / shrink) * channels;
  for (let row = top; row < bottom; row++) {
    let from = row * stride + left * channels;
    let to =
      Math.floor((tile.y + row) / shrink) * rowLength + Math.floor((tile.x + left) / shrink) * channels;
    let inSquare = (tile.x + left) % shrink;
    for (let column = left; column < right; column++, from += channels) {
      for (let channel = 0; channel < channels; channel++) {
        sums[to + channel] = (sums[to + channel] ?? 0) + (samples[from + channel] ?? 0);
      }
      inSquare += 1;
      if (inSquare === shrink) {
        inSquare = 0;
        to += channels;
      }
    }
  }
}

/** The squares at the right and the lower edge may be incomplete. */
function divide(
  sums: Uint16Array | Uint32Array,
  result: Uint8Array | Uint16Array,
  { width, height, channels, shrink }: CanvasSize,
): void {
  const columns = Math.ceil(width / shrink);
  const rows = Math.ceil(height / shrink);
  let index = 0;
  for (let row = 0; row < rows; row++) {
    const squareHeight = Math.min(shrink, height - row * shrink);
    for (let column = 0; column < columns; column++) {
      const pixels = squareHeight * Math.min(shrink, width - column * shrink);
      for (let channel = 0; channel < channels; channel++, index++) {
        result[index] = ((sums[index] ?? 0) + pixels / 2) / pixels;
      }
    }
  }
}
