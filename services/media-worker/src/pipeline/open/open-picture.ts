import { canonicalMimeType, isCameraRaw } from '@lazyphotos/contracts';
import { sniffFile } from '@lazyphotos/photo-type';
import { isMachineFault, ProcessorUnavailableError } from '../errors.js';
import type { HeicDecoder } from '../heic/heic-decoder.js';
import type { MetadataTool } from '../metadata/exiftool.js';
import type { RawTags } from '../metadata/tags.js';
import type { Limits, PhotoFile, PhotoMetadata, Picture } from '../types.js';
import { needsHeicDecoder, readHeader } from './header.js';
import { openBitmap } from './open-bitmap.js';
import { openHeic } from './open-heic.js';
import { openRaw } from './open-raw.js';
import { openTiff } from './tiff/open-tiff.js';
import { readTiff, type Tiff } from './tiff/tiff-picture.js';

export interface OpenDeps {
  heic: HeicDecoder;
  tool: MetadataTool;
  scratchDir: string;
  limits: Limits;
}

/** How a photo is opened, judged by what is in it. */
export type Contents =
  | { kind: 'tiff'; tiff: Tiff }
  /** A camera RAW that is no TIFF. */
  | { kind: 'raw' }
  | { kind: 'bitmap' };

/** Looks into a file, whatever it is called. Its type only counts where the content says nothing. */
export async function inspect({ path, mimeType }: PhotoFile): Promise<Contents> {
  try {
    const tiff = await readTiff(path);
    if (tiff && tiff.pictures.length > 0) return { kind: 'tiff', tiff };
    // What begins like a TIFF and is damaged may still have previews for exiftool to find.
    const type = tiff ? mimeType : ((await sniffFile(path)) ?? mimeType);
    return { kind: isCameraRaw(canonicalMimeType(type) ?? type) ? 'raw' : 'bitmap' };
  } catch (cause) {
    if (isMachineFault(cause)) throw new ProcessorUnavailableError('The file cannot be read', { cause });
    throw cause;
  }
}

/** Opens a photo for rendering. `described` (tags and metadata) is awaited only where the opening needs it. */
export async function openPicture(
  { path }: PhotoFile,
  contents: Contents,
  described: Promise<{ tags: RawTags; metadata: PhotoMetadata }>,
  { heic, tool, scratchDir, limits }: OpenDeps,
  signal?: AbortSignal,
): Promise<Picture> {
  if (contents.kind !== 'bitmap') {
    const opening = { path, ...(await described), tool, scratchDir, limits };
    return contents.kind === 'raw' ? openRaw(opening) : openTiff({ ...opening, tiff: contents.tiff });
  }
  const header = await readHeader(path, limits);
  return needsHeicDecoder(header) ? openHeic(path, header, heic, signal) : openBitmap(path, header);
}
