import { open } from 'node:fs/promises';
import { canonicalMimeType, isCameraRaw } from '@lazyphotos/contracts';
import { type ByteSource, beginsAsJpeg, JPEG_START_BYTES, sniffFile } from '@lazyphotos/photo-type';
import type { Decoder } from '../decode/decoder.js';
import { isMachineFault, ProcessorUnavailableError } from '../errors.js';
import type { HeicDecoder } from '../heic/heic-decoder.js';
import type { MetadataTool } from '../metadata/exiftool.js';
import type { RawTags } from '../metadata/tags.js';
import type { Limits, PhotoFile, PhotoMetadata, Picture } from '../types.js';
import { cicpOf, endsInDisplayP3, turningOf } from './header.js';
import { openRaw } from './open-embedded.js';
import { openAvif, openHeic } from './open-heif.js';
import { openTiff } from './tiff/open-tiff.js';
import { readTiffPictures, type TiffPicture } from './tiff/tiff-picture.js';

export interface OpenDeps {
  decoder: Decoder;
  heic: HeicDecoder;
  tool: MetadataTool;
  scratchDir: string;
  limits: Limits;
}

/** The way in which a photo is opened, by its content. */
export type Contents =
  | { kind: 'tiff'; pictures: readonly TiffPicture[] }
  /** A camera RAW that is not a TIFF. */
  | { kind: 'raw' }
  /** HEIF whose codec is HEVC, which is patent-encumbered and not in sharp's build, or one that nothing here decodes. */
  | { kind: 'heic' }
  /** HEIF whose codec is AV1. */
  | { kind: 'avif' }
  /** A format that sharp decodes. */
  | { kind: 'bitmap'; mimeType: string };

/** Detects the content of a file. Its announced type is used only if the content is not recognised. */
export async function inspect(photo: PhotoFile): Promise<Contents> {
  try {
    const file = await open(photo.path);
    try {
      return await contentsOf(photo, async (position, length) => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
        return buffer.subarray(0, bytesRead);
      });
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isMachineFault(cause)) throw new ProcessorUnavailableError('The file cannot be read', { cause });
    throw cause;
  }
}

async function contentsOf({ path, mimeType }: PhotoFile, read: ByteSource): Promise<Contents> {
  const start = await read(0, JPEG_START_BYTES);
  // Most photos: nothing more needs to be read.
  if (await beginsAsJpeg(start)) return { kind: 'bitmap', mimeType: 'image/jpeg' };
  const pictures = await readTiffPictures(start, read);
  if (pictures && pictures.length > 0) return { kind: 'tiff', pictures };
  // A damaged TIFF may still have previews that exiftool finds.
  const type = pictures ? mimeType : ((await sniffFile(path)) ?? mimeType);
  const canonical = canonicalMimeType(type) ?? type;
  if (isCameraRaw(canonical)) return { kind: 'raw' };
  if (canonical === 'image/avif') return { kind: 'avif' };
  if (canonical === 'image/heic') return { kind: 'heic' };
  return { kind: 'bitmap', mimeType: canonical };
}

/** Opens a photo for rendering. `described` (tags and metadata) is awaited only where the opening needs it. */
export async function openPicture(
  { path }: PhotoFile,
  contents: Contents,
  described: Promise<{ tags: RawTags; metadata: PhotoMetadata }>,
  { decoder, heic, tool, scratchDir, limits }: OpenDeps,
  signal?: AbortSignal,
): Promise<Picture> {
  const opening = async () => ({ path, ...(await described), decoder, tool, scratchDir, limits, signal });
  switch (contents.kind) {
    case 'tiff':
      return openTiff({ ...(await opening()), pictures: contents.pictures });
    case 'raw':
      return openRaw(await opening());
    case 'heic':
      return openHeic(path, heic, signal);
    case 'avif':
      return openAvif(path, described, decoder, signal);
    case 'bitmap':
      return openBitmap(path, described, decoder, signal);
  }
}

/** Opens a picture that sharp decodes straight from the file. `described` is awaited for PNG only. */
export async function openBitmap(
  path: string,
  described: Promise<{ tags: RawTags }>,
  decoder: Decoder,
  signal?: AbortSignal,
): Promise<Picture> {
  const header = await decoder.readHeader(path, {}, signal);
  // Code points go before an ICC profile in PNG (third edition, 13.4), unlike in HEIF.
  const cicp = header.format === 'png' ? cicpOf((await described).tags, 'PNG') : undefined;
  return {
    input: path,
    header,
    ...header.autoOrient,
    ...turningOf(header),
    ...(cicp ? { cicp, bitsPerSample: header.depth === 'ushort' ? 16 : 8 } : {}),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}
