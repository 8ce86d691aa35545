import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, expect } from '@jest/globals';
import sharp from 'sharp';
import { MediaError } from '../../src/pipeline/errors.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { PipelineOptions } from '../../src/pipeline/types.js';

/** Later than any date in the test photos that is not plainly wrong. */
export const now = () => new Date('2030-01-01T00:00:00Z');

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazyphotos-media-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A pipeline that is closed after the tests of the file. */
export function openPipeline(options: Partial<PipelineOptions> = {}): Pipeline {
  const pipeline = new Pipeline({ scratchDir: temporaryFolder(), now, ...options });
  afterAll(() => pipeline.close());
  return pipeline;
}

/** A pipeline for one call, after which it is closed. */
export async function withPipeline<T>(
  options: Partial<PipelineOptions>,
  use: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const pipeline = new Pipeline({ scratchDir: tmpdir(), now, ...options });
  try {
    return await use(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** Settles to the error of a call that has to fail for a fault of the file. */
export async function mediaErrorOf(call: Promise<unknown>): Promise<MediaError> {
  const outcome = await call.then(
    () => new Error('expected a MediaError, got a result'),
    (error: unknown) => error,
  );
  if (outcome instanceof MediaError) return outcome;
  throw outcome;
}

/** The mean difference of two pictures (0 to 255), seen from afar, so that encoders may differ. */
export async function difference(a: Buffer, b: Buffer): Promise<number> {
  const [left, right] = await Promise.all([miniature(a), miniature(b)]);
  const total = left.reduce((sum, value, index) => sum + Math.abs(value - (right[index] ?? 0)), 0);
  return total / left.length;
}

const miniature = (picture: Buffer) =>
  sharp(picture).toColourspace('srgb').flatten().resize(24, 24, { fit: 'fill' }).raw().toBuffer();

/** Mean red, green and blue, 0 to 255. */
export async function meanColour(picture: Buffer): Promise<[number, number, number]> {
  const { channels } = await sharp(picture).stats();
  const [red, green = red, blue = red] = channels.map((channel) => channel.mean);
  return [red ?? 0, green ?? 0, blue ?? 0];
}

/** The colour in the middle of each field of a picture, row by row. */
export async function fields(picture: Buffer, columns: number, rows: number): Promise<number[][]> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const middle = (index: number, count: number, length: number) =>
    Math.floor(((index + 0.5) * length) / count);
  return Array.from({ length: columns * rows }, (_, field) => {
    const x = middle(field % columns, columns, info.width);
    const y = middle(Math.floor(field / columns), rows, info.height);
    const at = (y * info.width + x) * info.channels;
    return [...data.subarray(at, at + 3)];
  });
}

/** The largest difference of two lists of colours. */
export function largestDifference(left: number[][], right: number[][]): number {
  expect(left.length).toBe(right.length);
  const differences = left.flatMap((colour, field) =>
    colour.map((value, channel) => Math.abs(value - (right[field]?.[channel] ?? Number.NaN))),
  );
  return Math.max(...differences);
}

/** A picture whose four corners differ, so that each of the eight orientations shows. */
export async function fourCorners(width: number, height: number): Promise<Buffer> {
  const patch = (red: number, green: number, blue: number, left: number, top: number) => ({
    input: {
      create: {
        width: Math.floor(width / 2),
        height: Math.floor(height / 2),
        channels: 3 as const,
        background: { r: red, g: green, b: blue },
      },
    },
    left,
    top,
  });
  const [right, bottom] = [Math.floor(width / 2), Math.floor(height / 2)];
  return sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .composite([
      patch(220, 30, 30, 0, 0),
      patch(30, 200, 30, right, 0),
      patch(30, 30, 220, 0, bottom),
      patch(230, 230, 40, right, bottom),
    ])
    .png()
    .toBuffer();
}

/** Generous: no test may depend on how fast the machine is. */
export const limits = { maxPixels: 1e8, maxMemoryBytes: 2 ** 29, maxSide: 1080, timeoutMs: 300_000 };

/** Process ids of this process' children with a word in their command line. */
export function childProcesses(word: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return Number(parent) === process.pid && command.includes(word) ? [Number(pid)] : [];
      } catch {
        return []; // It ended while it was looked at.
      }
    });
}

/** Whether a process reads a file whose path contains `part`: libvips maps it. A decoder that does has loaded its libraries. */
export function isReading(pid: number, part: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(part);
  } catch {
    return false; // It ended while it was looked at.
  }
}

/** Puts a compressed text, which is small in the file, in front of the last chunk of a PNG. */
export function withLongText(png: Buffer, length: number): Buffer {
  const text = deflateSync(Buffer.alloc(length, 'a'), { level: 1 });
  const typed = Buffer.concat([Buffer.from('zTXtComment\0\0', 'latin1'), text]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(typed.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  const end = png.length - 12;
  return Buffer.concat([png.subarray(0, end), size, typed, checksum, png.subarray(end)]);
}
