// The decoder thread. At run time it imports only its own parts of this package, with the extension .ts, which the compiler rewrites.
// So Node can also load it as TypeScript.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { isMachineFault } from '../errors.ts';
import type { Cicp } from '../types.js';
import { type Canvas, type CanvasSize, canvasBytes, createCanvas } from './canvas.ts';
import type { DecodedHeic, DecodeOutcome, DecodeReply, DecodeRequest, Size } from './heic-decoder.js';
import {
  error,
  Failure,
  libheif,
  memory,
  out,
  readUint32,
  succeeded,
  throwOnError,
  writeUint32,
  writeUint64,
} from './libheif.ts';

/** Values of libheif's enums, which are part of its ABI. */
const COLORSPACE_RGB = 1;
const CHROMA = { 8: { 3: 10, 4: 11 }, 16: { 3: 14, 4: 15 } } as const;
const CHANNEL_INTERLEAVED = 10;
/** Offsets in struct heif_decoding_options. */
const OPTION_HDR_TO8_BIT = 20;
const OPTION_STRICT_DECODING = 21;
/** Offsets in struct heif_security_limits: 64 bits each, except for the two counts. */
const LIMIT_IMAGE_PIXELS = 8;
const LIMIT_ITEMS = 28;
const LIMIT_BLOCK_BYTES = 40;
const LIMIT_BOX_CHILDREN = 60;
const LIMIT_TOTAL_BYTES = 64;

/** The whole file has to be in memory. Photos stay far below this. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Items of a file, such as tiles. The largest phone pictures have fewer than a thousand. */
const MAX_ITEMS = 16_384;
const MAX_SHRINK = 16;
/** Room for a TIFF header in front of the pixels, and for a colour profile of any sensible size. */
const HEADER_ROOM = 4096;
const MAX_PROFILE_BYTES = 4 * 1024 * 1024;
/** Transfer functions of ITU-T H.273 whose pictures need more than 8 bits: PQ and HLG. */
const HDR_TRANSFERS = [16, 18];
const CLEAN_APERTURE = 0x636c6170;

parentPort?.on('message', (request: DecodeRequest) => {
  const reply = respond(request);
  parentPort?.postMessage(reply, 'decoded' in reply ? [reply.decoded.pixels.buffer] : []);
});
parentPort?.postMessage('ready' satisfies DecodeReply);

function respond(request: DecodeRequest): DecodeOutcome {
  try {
    const decoded = decodeFile(request);
    return { decoded, decoderBytes: libheif.HEAPU8.length };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const size = thrown instanceof Failure && thrown.size ? { size: thrown.size } : {};
    // Whatever libheif has made of the memory that it did not get.
    if (memory.wasRefused) return { failure: { code: 'too_large', reason, ...size } };
    if (thrown instanceof Failure) return { failure: { code: thrown.code, reason, ...size } };
    if (isMachineFault(thrown)) return { failure: { code: 'machine', reason } };
    // A failed allocation is a RangeError; all others mean that libheif fails on the file.
    return { failure: { code: thrown instanceof RangeError ? 'unknown' : 'undecodable', reason } };
  }
}

function decodeFile(request: DecodeRequest): DecodedHeic {
  memory.maxBytes = request.maxMemoryBytes;
  memory.wasRefused = false;
  const file = loadFile(request.path);
  const context = libheif._heif_context_alloc();
  let handle = 0;
  try {
    setLimits(context, request);
    libheif._heif_context_read_from_memory_without_copy(error, context, file.pointer, file.size, 0);
    throwOnError();
    libheif._heif_context_get_primary_image_handle(error, context, out);
    throwOnError();
    handle = readUint32(out);
    const size = {
      width: libheif._heif_image_handle_get_width(handle),
      height: libheif._heif_image_handle_get_height(handle),
    };
    parentPort?.postMessage({ size } satisfies DecodeReply);
    return decodePrimary(context, handle, size, request);
  } finally {
    if (handle) libheif._heif_image_handle_release(handle);
    libheif._heif_context_free(context);
    libheif._free(file.pointer);
  }
}

/** libheif's defaults refuse large photos of phones because of the number of their tiles. Only memory has to be limited here. */
function setLimits(context: number, { maxPixels, maxMemoryBytes }: DecodeRequest): void {
  const limits = libheif._heif_context_get_security_limits(context);
  writeUint64(limits + LIMIT_IMAGE_PIXELS, maxPixels);
  writeUint32(limits + LIMIT_ITEMS, MAX_ITEMS);
  writeUint32(limits + LIMIT_BOX_CHILDREN, MAX_ITEMS);
  writeUint64(limits + LIMIT_BLOCK_BYTES, maxMemoryBytes);
  writeUint64(limits + LIMIT_TOTAL_BYTES, maxMemoryBytes);
}

/** Reads the file straight into the decoder's memory. */
function loadFile(path: string): { pointer: number; size: number } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > MAX_FILE_BYTES) throw new Failure('too_large', `${size} bytes are too many`);
    const pointer = libheif._malloc(Math.max(size, 1));
    if (!pointer) throw new Failure('too_large', 'The file does not fit into memory');
    let position = 0;
    while (position < size) {
      const read = readSync(descriptor, libheif.HEAPU8, pointer + position, size - position, position);
      if (read === 0) break;
      position += read;
    }
    return { pointer, size: position };
  } finally {
    closeSync(descriptor);
  }
}

function decodePrimary(context: number, handle: number, size: Size, request: DecodeRequest): DecodedHeic {
  try {
    if (size.width * size.height > request.maxPixels) {
      throw new Failure('too_large', `${size.width} x ${size.height} pixels are too many`);
    }
    return decodeSized(context, handle, size, request);
  } catch (thrown) {
    if (thrown instanceof Failure) thrown.size = size;
    throw thrown;
  }
}

function decodeSized(
  context: number,
  handle: number,
  { width, height }: Size,
  request: DecodeRequest,
): DecodedHeic {
  const icc = readIccProfile(handle);
  const cicp = icc ? undefined : readCicp(handle);
  const bits = libheif._heif_image_handle_get_luma_bits_per_pixel(handle);
  const bitsPerSample = bits > 8 && cicp && HDR_TRANSFERS.includes(cicp.transfer) ? 16 : 8;
  const channels = libheif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
  const fitting = Math.floor(Math.max(width, height) / request.minLongerSide);
  const canvasSize = {
    width,
    height,
    channels,
    bitsPerSample,
    shrink: Math.min(Math.max(fitting, 1), MAX_SHRINK),
    // Even, so that 16-bit samples are aligned.
    pixelOffset: HEADER_ROOM + 2 * Math.ceil((icc?.length ?? 0) / 2),
  } satisfies CanvasSize;
  memory.maxBytes = request.maxMemoryBytes - canvasBytes(canvasSize);
  if (libheif.HEAPU8.length > memory.maxBytes)
    throw new Failure('too_large', 'The pixels do not fit into memory');
  const canvas = createCanvas(canvasSize);
  const format: Format = { channels, bitsPerSample };
  const tiles = channels === 3 ? tileGrid(context, handle, width, height) : undefined;
  decodeInto(canvas, handle, format, tiles);
  return { pixels: canvas.finish(), width, height, ...(icc ? { icc } : {}), ...(cicp ? { cicp } : {}) };
}

interface Format {
  channels: 3 | 4;
  bitsPerSample: 8 | 16;
}

interface TileGrid {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** The position of the first tile in the picture: zero or negative. */
  left: number;
  top: number;
}

/**
 * Returns the grid of tiles after rotation and mirroring; undefined if the picture has to be decoded as a whole. A picture that
 * does not fill its last tiles has padding on the right and below, or where a transformation moved it.
 */
function tileGrid(context: number, handle: number, width: number, height: number): TileGrid | undefined {
  libheif._heif_image_handle_get_image_tiling(error, handle, 1, out);
  if (!succeeded() || isCropped(context, handle)) return undefined;
  // struct heif_image_tiling { int version; uint32 columns, rows, tile_width, tile_height, width, height, top, left; … }
  const [columns = 0, rows = 0, tileWidth = 0, tileHeight = 0, , , topOffset, leftOffset] = Array.from(
    { length: 8 },
    (_, index) => readUint32(out + 4 + 4 * index),
  );
  const fits = (tiles: number, size: number, length: number) =>
    tiles * size >= length && (tiles - 1) * size < length;
  if (columns * rows < 2 || !fits(columns, tileWidth, width) || !fits(rows, tileHeight, height))
    return undefined;
  const left = leftOffset ? width - columns * tileWidth : 0;
  const top = topOffset ? height - rows * tileHeight : 0;
  return { columns, rows, tileWidth, tileHeight, left, top };
}

/** Returns whether the picture is cropped. libheif does not tell where the crop is in the grid of tiles. */
function isCropped(context: number, handle: number): boolean {
  const item = libheif._heif_image_handle_get_item_id(handle);
  const room = 8;
  const count = Math.min(libheif._heif_item_get_transformation_properties(context, item, out, room), room);
  const properties = Array.from({ length: count }, (_, index) => readUint32(out + 4 * index));
  return properties.some(
    (property) => libheif._heif_item_get_property_type(context, item, property) === CLEAN_APERTURE,
  );
}

function decodeInto(canvas: Canvas, handle: number, format: Format, grid: TileGrid | undefined): void {
  const options = libheif._heif_decoding_options_alloc();
  try {
    libheif.HEAPU8[options + OPTION_HDR_TO8_BIT] = format.bitsPerSample === 8 ? 1 : 0;
    // Otherwise libheif leaves out the missing tiles of a truncated photo without an error.
    libheif.HEAPU8[options + OPTION_STRICT_DECODING] = 1;
    const layout = CHROMA[format.bitsPerSample][format.channels];
    if (!grid) {
      libheif._heif_decode_image(error, handle, out, COLORSPACE_RGB, layout, options);
      drawDecoded(canvas, format, 0, 0);
      return;
    }
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        libheif._heif_image_handle_decode_image_tile(
          error,
          handle,
          out,
          COLORSPACE_RGB,
          layout,
          options,
          column,
          row,
        );
        drawDecoded(canvas, format, grid.left + column * grid.tileWidth, grid.top + row * grid.tileHeight);
      }
    }
  } finally {
    libheif._heif_decoding_options_free(options);
  }
}

/** Draws the picture that the last call has decoded. */
function drawDecoded(canvas: Canvas, format: Format, x: number, y: number): void {
  throwOnError();
  const image = readUint32(out);
  try {
    const width = libheif._heif_image_get_width(image, CHANNEL_INTERLEAVED);
    const height = libheif._heif_image_get_height(image, CHANNEL_INTERLEAVED);
    const plane = libheif._heif_image_get_plane_readonly(image, CHANNEL_INTERLEAVED, out);
    const strideBytes = readUint32(out);
    const { buffer } = libheif.HEAPU8;
    if (format.bitsPerSample === 8) {
      const samples = new Uint8Array(buffer, plane, strideBytes * height);
      canvas.draw({ samples, stride: strideBytes, width, height, x, y });
      return;
    }
    const samples = new Uint16Array(buffer, plane, (strideBytes * height) / 2);
    // The file's 10 or 12 bits become the high bits of 16.
    const shift = 16 - libheif._heif_image_get_bits_per_pixel_range(image, CHANNEL_INTERLEAVED);
    for (let index = 0; index < samples.length; index++) samples[index] = (samples[index] ?? 0) << shift;
    canvas.draw({ samples, stride: strideBytes / 2, width, height, x, y });
  } finally {
    libheif._heif_image_release(image);
  }
}

function readIccProfile(handle: number): Uint8Array | undefined {
  const size = libheif._heif_image_handle_get_raw_color_profile_size(handle);
  if (size <= 0 || size > MAX_PROFILE_BYTES) return undefined;
  const pointer = libheif._malloc(size);
  try {
    libheif._heif_image_handle_get_raw_color_profile(error, handle, pointer);
    throwOnError();
    return libheif.HEAPU8.slice(pointer, pointer + size);
  } finally {
    libheif._free(pointer);
  }
}

/** struct heif_color_profile_nclx { uint8 version; int primaries, transfer, matrix; uint8 full_range; … } */
function readCicp(handle: number): Cicp | undefined {
  libheif._heif_image_handle_get_nclx_color_profile(error, handle, out);
  if (!succeeded()) return undefined;
  const profile = readUint32(out);
  try {
    return { primaries: readUint32(profile + 4), transfer: readUint32(profile + 8) };
  } finally {
    libheif._heif_nclx_color_profile_free(profile);
  }
}
