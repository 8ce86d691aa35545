import { randomUUID } from 'node:crypto';
import { rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata } from 'sharp';
import { isMachineFault, MediaError, ProcessorUnavailableError } from '../errors.js';
import type { MetadataTool } from '../metadata/exiftool.js';
import { embeddedPictureTags, type RawTags } from '../metadata/tags.js';
import type { Limits, PhotoMetadata, Picture } from '../types.js';
import { readHeader, turningOf } from './header.js';

export interface RawOpening {
  path: string;
  tags: RawTags;
  metadata: PhotoMetadata;
  tool: MetadataTool;
  scratchDir: string;
  limits: Limits;
}

/**
 * A camera RAW is shown by the JPEG that the camera put into it, which looks as the photographer saw it; developing the
 * sensor's data is far too much work for a Pi. Without a JPEG the TIFF that most RAW formats are at heart is tried.
 */
export async function openRaw(opening: RawOpening): Promise<Picture> {
  for (const embedded of embeddedPictures(opening.tags)) {
    const picture = await openEmbedded(opening, embedded);
    if (picture) return picture;
  }
  try {
    const header = await readHeader(opening.path, opening.limits);
    return { input: opening.path, ...rawPicture(opening.metadata, header) };
  } catch (cause) {
    throw new MediaError('unsupported', 'The camera RAW file holds no preview that can be shown', { cause });
  }
}

interface EmbeddedPicture {
  tag: string;
  bytes: number;
}

const binaryValue = /^\(Binary data (\d+) bytes/;

/** The embedded pictures of a file, largest first. */
function embeddedPictures(tags: RawTags): EmbeddedPicture[] {
  return Object.entries(tags)
    .flatMap(([tag, value]) => {
      const size = typeof value === 'string' ? binaryValue.exec(value)?.[1] : undefined;
      const name = tag.slice(tag.indexOf(':') + 1);
      return size !== undefined && embeddedPictureTags.includes(name) ? [{ tag, bytes: Number(size) }] : [];
    })
    .sort((a, b) => b.bytes - a.bytes);
}

/** Undefined when it is no picture that can be read, so that a smaller one may be tried. */
async function openEmbedded(opening: RawOpening, embedded: EmbeddedPicture): Promise<Picture | undefined> {
  const { path, metadata, tool, scratchDir, limits } = opening;
  const extracted = join(scratchDir, `${randomUUID()}.jpg`);
  const release = () => rm(extracted, { force: true }).catch(() => undefined);
  try {
    await tool.extract(embedded.tag, path, extracted);
    await checkComplete(extracted, embedded.bytes, scratchDir);
    const header = await readHeader(extracted, limits);
    return { input: extracted, ...rawPicture(metadata, header), release };
  } catch (error) {
    await release();
    if (error instanceof MediaError && error.code !== 'timed_out') return undefined;
    throw error;
  }
}

/** exiftool does not fail when the disk is full, it writes less. */
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
 * How the embedded picture is to be turned, and how large the photo behind it is. What the RAW says of its orientation goes
 * before what the JPEG inside says, which programs that turn a photo leave as it was.
 */
function rawPicture(
  metadata: PhotoMetadata,
  header: Metadata,
): Pick<Picture, 'width' | 'height' | 'orientation' | 'turnedBy'> {
  const { width, height, orientation = turningOf(header).turnedBy ?? 1 } = metadata;
  const sensor = { width: width ?? header.width, height: height ?? header.height };
  const turned = orientation >= 5;
  // Some cameras and converters store the preview upright already: then it is portrait where the sensor is landscape.
  const stoodUp = turned && sensor.width > sensor.height !== header.width > header.height;
  const photo = turned ? swapped(sensor) : sensor;
  const shown = turned && !stoodUp ? swapped(header) : { width: header.width, height: header.height };
  const size = photo.width >= shown.width && photo.height >= shown.height ? photo : shown;
  const turnedBy = orientation > 1 ? { turnedBy: orientation } : {};
  return { ...size, ...turnedBy, orientation: stoodUp ? 1 : orientation };
}

function swapped({ width, height }: { width: number; height: number }): { width: number; height: number } {
  return { width: height, height: width };
}
