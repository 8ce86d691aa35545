import { canonicalMimeType, isCameraRaw } from '@lazyphotos/contracts';
import type { HeicDecoder } from '../heic/heic-decoder.js';
import type { MetadataTool } from '../metadata/exiftool.js';
import type { RawTags } from '../metadata/tags.js';
import type { Limits, PhotoFile, PhotoMetadata, Picture } from '../types.js';
import { needsHeicDecoder, readHeader, turningOf } from './header.js';
import { openBitmap } from './open-bitmap.js';
import { openHeic } from './open-heic.js';
import { openRaw } from './open-raw.js';

export interface OpenDeps {
  heic: HeicDecoder;
  tool: MetadataTool;
  scratchDir: string;
  limits: Limits;
}

/** A camera RAW is found by its type, since inside it is a TIFF; everything else by its bytes, whatever it is called. */
export const isRaw = (file: PhotoFile): boolean =>
  isCameraRaw(canonicalMimeType(file.mimeType) ?? file.mimeType);

/** By the type alone, for files that cannot be opened. */
export const isHeif = ({ mimeType }: PhotoFile): boolean => /^image\/(?:hei[cf]|avif)/.test(mimeType);

/** Opens a photo for rendering. `described` (tags and metadata) is awaited for camera RAW only, which needs it. */
export async function openPicture(
  file: PhotoFile,
  described: Promise<{ tags: RawTags; metadata: PhotoMetadata }>,
  { heic, tool, scratchDir, limits }: OpenDeps,
  signal?: AbortSignal,
): Promise<Picture> {
  if (isRaw(file)) return openRaw({ path: file.path, ...(await described), tool, scratchDir, limits });
  const header = await readHeader(file.path, limits);
  if (needsHeicDecoder(header)) return openHeic(file.path, header, heic, signal);
  return { ...openBitmap(file.path, header), ...turningOf(header) };
}
