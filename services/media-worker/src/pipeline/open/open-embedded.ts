import { randomUUID } from 'node:crypto';
import { rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decoder } from '../decode/decoder.js';
import { isMachineFault, MediaError, ProcessorUnavailableError } from '../errors.js';
import type { MetadataTool } from '../metadata/exiftool.js';
import { EMBEDDED_PICTURE_TAGS, type RawTags } from '../metadata/tags.js';
import type { Header, Limits, PhotoMetadata, Picture } from '../types.js';
import { turningOf } from './header.js';

export interface EmbeddedOpening {
  path: string;
  tags: RawTags;
  metadata: PhotoMetadata;
  decoder: Decoder;
  tool: MetadataTool;
  scratchDir: string;
  limits: Limits;
  signal: AbortSignal | undefined;
}

/**
 * A camera RAW is shown by the JPEG that the camera stored in it, which looks as the photographer saw it. To develop the sensor's data
 * would be far too slow on a Pi. This function is for the formats that are not TIFF (CR3, RAF, ORF, RW2).
 */
export async function openRaw(opening: EmbeddedOpening): Promise<Picture> {
  const embedded = await extractEmbedded(opening);
  if (embedded) {
    const { input, header, release } = embedded;
    return {
      input,
      header,
      ...inPlaceOfPhoto({ ...header, ...turningOf(header) }, opening.metadata),
      release,
    };
  }
  throw new MediaError('unsupported', 'The camera RAW file holds no preview that can be shown');
}

/** A JPEG from inside a photo, in a temporary file that `release` removes. */
export interface Embedded {
  input: string;
  header: Header;
  release: () => Promise<void>;
}

/** Extracts the largest readable JPEG that exiftool finds in a file; undefined if there is none. */
export async function extractEmbedded(opening: EmbeddedOpening): Promise<Embedded | undefined> {
  for (const embedded of embeddedPictures(opening.tags)) {
    const extracted = await extract(opening, embedded);
    if (extracted) return extracted;
  }
  return undefined;
}

interface EmbeddedPicture {
  tag: string;
  bytes: number;
}

const BINARY_VALUE = /^\(Binary data (\d+) bytes/;

/** The embedded pictures of a file, largest first. */
function embeddedPictures(tags: RawTags): EmbeddedPicture[] {
  return Object.entries(tags)
    .flatMap(([tag, value]) => {
      const size = typeof value === 'string' ? BINARY_VALUE.exec(value)?.[1] : undefined;
      const name = tag.slice(tag.indexOf(':') + 1);
      return size !== undefined && EMBEDDED_PICTURE_TAGS.includes(name) ? [{ tag, bytes: Number(size) }] : [];
    })
    .sort((a, b) => b.bytes - a.bytes);
}

/** Returns undefined if the picture cannot be read, so that a smaller one can be tried. */
async function extract(opening: EmbeddedOpening, embedded: EmbeddedPicture): Promise<Embedded | undefined> {
  const { path, decoder, tool, scratchDir, signal } = opening;
  const extracted = join(scratchDir, `${randomUUID()}.jpg`);
  const release = () => rm(extracted, { force: true }).catch(() => undefined);
  try {
    await tool.extract(embedded.tag, path, extracted);
    await checkComplete(extracted, embedded.bytes, scratchDir);
    const header = await decoder.readHeader(extracted, {}, signal);
    return { input: extracted, header, release };
  } catch (error) {
    await release();
    if (error instanceof MediaError && error.code !== 'timed_out') return undefined;
    throw error;
  }
}

/** exiftool does not fail if the disk is full; it writes an incomplete file. */
async function checkComplete(path: string, bytes: number, scratchDir: string): Promise<void> {
  try {
    const { size } = await stat(path);
    if (size === bytes) return;
    const { bavail, bsize } = await statfs(scratchDir);
    if (bavail * bsize < bytes) throw new ProcessorUnavailableError('The scratch folder is full');
  } catch (cause) {
    if (isMachineFault(cause))
      throw new ProcessorUnavailableError('The scratch folder cannot be used', { cause });
    throw cause;
  }
  throw new MediaError('undecodable', 'The preview in the camera RAW file is incomplete');
}

/**
 * Returns the orientation of a picture that is shown for the photo, and the size of the photo. The orientation of the photo has priority
 * over that of a JPEG inside (`turnedBy`), which programs that turn a photo do not change.
 */
export function inPlaceOfPhoto(
  shown: Size & Pick<Picture, 'turnedBy'>,
  metadata: PhotoMetadata,
): Pick<Picture, 'width' | 'height' | 'orientation' | 'turnedBy'> {
  const { width, height, orientation = shown.turnedBy ?? 1 } = metadata;
  const sensor = { width: width ?? shown.width, height: height ?? shown.height };
  // Some cameras and converters store the preview upright: then it is portrait while the sensor is landscape.
  const stoodUp = orientation >= 5 && sensor.width > sensor.height !== shown.width > shown.height;
  const photo = turned(sensor, orientation);
  const upright = turned(shown, stoodUp ? 1 : orientation);
  const size = photo.width >= upright.width && photo.height >= upright.height ? photo : upright;
  const turnedBy = orientation > 1 ? { turnedBy: orientation } : {};
  return { ...size, ...turnedBy, orientation: stoodUp ? 1 : orientation };
}

/** Returns the size of a picture after its EXIF orientation is applied. */
export function turned({ width, height }: Size, orientation: number): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

interface Size {
  width: number;
  height: number;
}
