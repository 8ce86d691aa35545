// Part of the decoder thread, see heic-worker.ts.
import { createRequire } from 'node:module';
import type { DecodeFailure, Size } from './heic-decoder.js';

/** The part of libheif's C API (libheif/heif.h) that is used. Pointers are numbers; errors are structs written to `error`. */
interface Bindings {
  HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _heif_context_alloc(): number;
  _heif_context_free(context: number): void;
  _heif_context_get_security_limits(context: number): number;
  _heif_context_read_from_memory_without_copy(
    error: number,
    context: number,
    data: number,
    size: number,
    options: 0,
  ): void;
  _heif_context_get_primary_image_handle(error: number, context: number, handleOut: number): void;
  _heif_image_handle_release(handle: number): void;
  _heif_image_handle_get_item_id(handle: number): number;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_get_luma_bits_per_pixel(handle: number): number;
  _heif_image_handle_get_raw_color_profile_size(handle: number): number;
  _heif_image_handle_get_raw_color_profile(error: number, handle: number, dataOut: number): void;
  _heif_image_handle_get_nclx_color_profile(error: number, handle: number, nclxOut: number): void;
  _heif_nclx_color_profile_free(nclx: number): void;
  _heif_image_handle_get_image_tiling(
    error: number,
    handle: number,
    processTransformations: 1,
    out: number,
  ): void;
  _heif_item_get_transformation_properties(context: number, item: number, out: number, count: number): number;
  _heif_item_get_property_type(context: number, item: number, property: number): number;
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
  _heif_image_handle_decode_image_tile(
    error: number,
    handle: number,
    imageOut: number,
    colorspace: number,
    chroma: number,
    options: number,
    column: number,
    row: number,
  ): void;
  _heif_image_release(image: number): void;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_bits_per_pixel_range(image: number, channel: number): number;
  _heif_image_get_plane_readonly(image: number, channel: number, strideOut: number): number;
}

type LibheifFactory = (options: { print(): void; printErr(): void }) => Promise<Bindings> | Bindings;

/** Values of libheif's error enums, which are part of its ABI. */
const UNSUPPORTED_FILETYPE = 3;
const UNSUPPORTED_FEATURE = 4;
const MEMORY_ERROR = 6;
const DECODER_MISSING = 11;
const SECURITY_LIMIT_EXCEEDED = 1000;

/** A failure whose code is sent to the main thread. */
export class Failure extends Error {
  readonly code: DecodeFailure['code'];
  /** Of the photo, when it is known. */
  size?: Size;

  constructor(code: DecodeFailure['code'], reason: string) {
    super(reason);
    this.code = code;
  }
}

/**
 * The limit of the decoder's memory. libheif's own limits leave out what its codec takes. WebAssembly's only limit is 2 GB; a memory that may
 * not grow is a failed allocation.
 */
export const memory = { maxBytes: 0, wasRefused: false };
const PAGE_BYTES = 65_536;
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } };
const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function (this: WasmMemory, pages: number): number {
  const wanted = this.buffer.byteLength + pages * PAGE_BYTES;
  if (memory.maxBytes > 0 && wanted > memory.maxBytes) {
    memory.wasRefused = true;
    throw new RangeError('The decoder may not take more memory');
  }
  return grow.call(this, pages);
};

const load: LibheifFactory = createRequire(import.meta.url)('libheif-js/libheif-wasm/libheif-bundle.js');

export const libheif = await load({ print: () => undefined, printErr: () => undefined });
/** Room for one struct heif_error, which a call writes. */
export const error = libheif._malloc(12);
/** Room for the result of one call; the largest is a struct heif_image_tiling. */
export const out = libheif._malloc(128);

export function readUint32(at: number): number {
  return new DataView(libheif.HEAPU8.buffer).getUint32(at, true);
}

export function writeUint32(at: number, value: number): void {
  new DataView(libheif.HEAPU8.buffer).setUint32(at, value, true);
}

export function writeUint64(at: number, value: number): void {
  new DataView(libheif.HEAPU8.buffer).setBigUint64(at, BigInt(value), true);
}

/** Throws `Failure` for the last call's struct heif_error { int code; int subcode; const char *message; }. */
export function throwOnError(): void {
  const code = readUint32(error);
  if (code === 0) return;
  const subcode = readUint32(error + 4);
  const start = readUint32(error + 8);
  const end = libheif.HEAPU8.indexOf(0, start);
  const message = Buffer.from(libheif.HEAPU8.subarray(start, end)).toString('utf8').trim();
  if (code === MEMORY_ERROR || subcode === SECURITY_LIMIT_EXCEEDED) throw new Failure('too_large', message);
  const isUnsupported = [UNSUPPORTED_FILETYPE, UNSUPPORTED_FEATURE, DECODER_MISSING].includes(code);
  throw new Failure(isUnsupported ? 'unsupported' : 'undecodable', message);
}

/** Returns whether the last call succeeded. */
export const succeeded = (): boolean => readUint32(error) === 0;
