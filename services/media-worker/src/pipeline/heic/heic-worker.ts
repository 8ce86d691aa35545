// The decoder thread. It imports nothing of this package at run time, so that Node can also load it as TypeScript.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { DecodedHeic, DecodeFailure, DecodeReply, DecodeRequest } from './protocol.js';

/** The part of libheif's C API (libheif/heif.h) that is used. Pointers are numbers; errors are structs written to `error`. */
interface Libheif {
  HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _heif_context_alloc(): number;
  _heif_context_free(context: number): void;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    data: number,
    size: number,
    options: 0,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handleOut: number): void;
  _heif_image_handle_release(handle: number): void;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_get_raw_color_profile_size(handle: number): number;
  _heif_image_handle_get_raw_color_profile(error: number, handle: number, dataOut: number): void;
  _heif_decoding_options_alloc(): number;
  _heif_decoding_options_free(options: number): void;
  _heif_decode_image(
    error: number,
    handle: number,
    imageOut: number,
    colorspace: number,
    chroma: number,
    options: number,
  ): void;
  _heif_image_release(image: number): void;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, strideOut: number): number;
}

type LibheifFactory = (options: { print(): void; printErr(): void }) => Promise<Libheif> | Libheif;

/** Values of libheif's enums, which are part of its ABI. */
const colorspaceRgb = 1;
const chromaRgb = 10;
const chromaRgba = 11;
const channelInterleaved = 10;
const errorUnsupportedFiletype = 3;
const errorUnsupportedFeature = 4;
const errorMemory = 6;
/** Offsets in struct heif_decoding_options. */
const optionHdrTo8Bit = 20;
const optionStrictDecoding = 21;

/** The whole file has to be in memory. Photos stay far below this. */
const maxFileBytes = 256 * 1024 * 1024;
/** Room for a TIFF header in front of the pixels, and for a colour profile of any sensible size. */
const headerRoom = 4096;
const maxProfileBytes = 4 * 1024 * 1024;

class Failure extends Error {
  readonly code: DecodeFailure['code'];

  constructor(code: DecodeFailure['code'], reason: string) {
    super(reason);
    this.code = code;
  }
}

const require = createRequire(import.meta.url);
const createLibheif: LibheifFactory = require('libheif-js/libheif-wasm/libheif-bundle.js');
const libheif = await createLibheif({ print: () => undefined, printErr: () => undefined });
const error = libheif._malloc(12);
const out = libheif._malloc(8);

parentPort?.on('message', (request: DecodeRequest) => {
  const reply = answer(request);
  parentPort?.postMessage(reply, 'decoded' in reply ? [reply.decoded.buffer] : []);
});

function answer(request: DecodeRequest): DecodeReply {
  try {
    return { decoded: decodeFile(request) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (thrown instanceof Failure) return { failure: { code: thrown.code, reason } };
    // The file system's errors have a code and a failed allocation is a RangeError; the rest is libheif choking on the file.
    const machine = thrown instanceof RangeError || (thrown instanceof Error && 'code' in thrown);
    return { failure: { code: machine ? 'machine' : 'undecodable', reason } };
  }
}

function decodeFile({ path, maxPixels }: DecodeRequest): DecodedHeic {
  const file = loadFile(path);
  const context = libheif._heif_context_alloc();
  let handle = 0;
  try {
    libheif._heif_context_read_from_memory_without_copy(error, context, file.pointer, file.size, 0);
    throwOnError();
    libheif._heif_context_get_primary_image_handle(error, context, out);
    throwOnError();
    handle = readPointer(out);
    const width = libheif._heif_image_handle_get_width(handle);
    const height = libheif._heif_image_handle_get_height(handle);
    if (width * height > maxPixels) {
      throw new Failure('too_large', `${width} x ${height} pixels are too many`);
    }
    return decodeImage(handle);
  } finally {
    if (handle) libheif._heif_image_handle_release(handle);
    libheif._heif_context_free(context);
    libheif._free(file.pointer);
  }
}

/** Reads the file straight into the decoder's memory. */
function loadFile(path: string): { pointer: number; size: number } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxFileBytes) throw new Failure('too_large', `${size} bytes are too many`);
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

function decodeImage(handle: number): DecodedHeic {
  const channels = libheif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
  const icc = readColorProfile(handle);
  const options = libheif._heif_decoding_options_alloc();
  let image = 0;
  try {
    libheif.HEAPU8[options + optionHdrTo8Bit] = 1;
    // Else the tiles that a truncated photo lacks are left out without an error.
    libheif.HEAPU8[options + optionStrictDecoding] = 1;
    const chroma = channels === 4 ? chromaRgba : chromaRgb;
    libheif._heif_decode_image(error, handle, out, colorspaceRgb, chroma, options);
    throwOnError();
    image = readPointer(out);
    return { ...copyPixels(image, channels, headerRoom + (icc?.length ?? 0)), ...(icc ? { icc } : {}) };
  } finally {
    if (image) libheif._heif_image_release(image);
    libheif._heif_decoding_options_free(options);
  }
}

function copyPixels(image: number, channels: 3 | 4, pixelOffset: number): DecodedHeic {
  const width = libheif._heif_image_get_width(image, channelInterleaved);
  const height = libheif._heif_image_get_height(image, channelInterleaved);
  const plane = libheif._heif_image_get_plane_readonly(image, channelInterleaved, out);
  const stride = readPointer(out);
  const rowBytes = width * channels;
  const buffer = new ArrayBuffer(pixelOffset + rowBytes * height);
  const target = new Uint8Array(buffer, pixelOffset);
  for (let row = 0; row < height; row++) {
    const start = plane + row * stride;
    target.set(libheif.HEAPU8.subarray(start, start + rowBytes), row * rowBytes);
  }
  return { buffer, pixelOffset, width, height, channels };
}

function readColorProfile(handle: number): Uint8Array | undefined {
  const size = libheif._heif_image_handle_get_raw_color_profile_size(handle);
  if (size <= 0 || size > maxProfileBytes) return undefined;
  const pointer = libheif._malloc(size);
  try {
    libheif._heif_image_handle_get_raw_color_profile(error, handle, pointer);
    throwOnError();
    return libheif.HEAPU8.slice(pointer, pointer + size);
  } finally {
    libheif._free(pointer);
  }
}

/** struct heif_error { int code; int subcode; const char *message; }, little-endian. */
function throwOnError(): void {
  const code = readPointer(error);
  if (code === 0) return;
  const start = readPointer(error + 8);
  const end = libheif.HEAPU8.indexOf(0, start);
  const message = Buffer.from(libheif.HEAPU8.subarray(start, end)).toString('utf8').trim();
  if (code === errorMemory) throw new Failure('too_large', message);
  const unsupported = code === errorUnsupportedFiletype || code === errorUnsupportedFeature;
  throw new Failure(unsupported ? 'unsupported' : 'undecodable', message);
}

function readPointer(at: number): number {
  return new DataView(libheif.HEAPU8.buffer).getUint32(at, true);
}
