import type { SharpOptions } from 'sharp';
import { MediaError } from '../../errors.js';
import type { PhotoMetadata, Picture } from '../../types.js';
import { checkPixels, endsInDisplayP3, turningOf } from '../header.js';
import {
  type Embedded,
  type EmbeddedOpening,
  extractEmbedded,
  inPlaceOfPhoto,
  turned,
} from '../open-embedded.js';
import { openCielab8 } from './open-cielab8.js';
import type { TiffPicture } from './tiff-picture.js';

export interface TiffOpening extends EmbeddedOpening {
  pictures: readonly TiffPicture[];
}

/**
 * Opens the main picture of a TIFF. If that is a camera's sensor data, or of a kind that cannot be decoded, the largest copy of it is
 * shown: another picture of the TIFF, or a JPEG in the maker notes. A picture of the size of a thumbnail whose kind the TIFF does not
 * tell may be such a copy.
 */
export async function openTiff(opening: TiffOpening): Promise<Picture> {
  const real = realPicture(opening.pictures);
  if (real === undefined) throw new MediaError('undecodable', 'The TIFF file holds no picture');
  const isShown = real.meaning !== undefined;
  if (isShown && (real.isMarked || !isSmall(real))) return openPicture(real, opening);

  const embedded = await extractEmbedded(opening);
  try {
    const opened = isShown ? await openSmall(real, embedded, opening) : await openCopy(embedded, opening);
    if (opened !== undefined && opened.input !== embedded?.input) await embedded?.release();
    if (opened !== undefined) return opened;
  } catch (error) {
    await embedded?.release();
    throw error;
  }
  throw new MediaError(
    'unsupported',
    real.isSensorData
      ? 'The camera RAW file holds no preview that can be shown'
      : 'This variety of TIFF is not supported',
    turned(real, opening.metadata.orientation ?? 1),
  );
}

const pixels = ({ width, height }: { width: number; height: number }): number => width * height;

async function openSmall(
  real: TiffPicture,
  embedded: Embedded | undefined,
  opening: TiffOpening,
): Promise<Picture> {
  if (embedded && pixels(embedded.header) > pixels(real)) return showEmbedded(embedded, opening);
  return openPicture(real, opening);
}

async function openCopy(embedded: Embedded | undefined, opening: TiffOpening): Promise<Picture | undefined> {
  const { pictures, metadata } = opening;
  for (const copy of showableCopies(pictures)) {
    if (embedded && pixels(embedded.header) >= pixels(copy)) break;
    const opened = await tryPicture(copy, opening);
    if (opened) {
      return { ...opened, ...inPlaceOfPhoto({ width: copy.width, height: copy.height }, metadata) };
    }
  }
  return embedded && showEmbedded(embedded, opening);
}

function showEmbedded({ input, header, release }: Embedded, { metadata }: TiffOpening): Picture {
  return { input, header, ...inPlaceOfPhoto({ ...header, ...turningOf(header) }, metadata), release };
}

/** The orientation of the photo's metadata is the one that is applied. */
async function openPicture(picture: TiffPicture, opening: TiffOpening): Promise<Picture> {
  const { path, metadata, decoder, limits, signal } = opening;
  const { page, subIfd, meaning } = picture;
  const { orientation = 1 } = metadata;
  const size = turned(picture, orientation);
  checkPixels({ ...size, turnedBy: orientation }, limits);
  const shown: Picture = {
    input: path,
    ...size,
    orientation,
    ...(orientation > 1 ? { turnedBy: orientation } : {}),
    isStrict: true,
    ...(meaning ? { meaning } : {}),
  };
  if (meaning === 'cielab8') return { ...shown, ...(await openCielab8(picture, opening)) };
  const where: SharpOptions = { page, ...(subIfd === undefined ? {} : { tiff: { subifd: subIfd } }) };
  const header = await decoder.readHeader(path, where, signal);
  return {
    ...shown,
    header,
    page,
    ...(subIfd === undefined ? {} : { subIfd }),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}

/** Returns undefined if a copy cannot be opened, so that a smaller one can be tried. */
async function tryPicture(picture: TiffPicture, opening: TiffOpening): Promise<Picture | undefined> {
  try {
    return await openPicture(picture, opening);
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}

/** Scanned pages are larger; thumbnails are smaller, also those that are not marked as such. */
const THUMBNAIL_SIDE = 512;

/** Larger pictures first; equal ones in the order of the file. */
const bySize = (pictures: readonly TiffPicture[]): TiffPicture[] =>
  [...pictures].sort((a, b) => pixels(b) - pixels(a));

/**
 * Returns the main picture of a TIFF: the sensor's data of a camera RAW, the first page of a document, otherwise the largest picture that
 * is not a reduced copy. If all are reduced, the largest. Undefined if there is no picture.
 */
export function realPicture(pictures: readonly TiffPicture[]): TiffPicture | undefined {
  const full = pictures.filter(({ isReduced, isAuxiliary }) => !isReduced && !isAuxiliary);
  if (full.length === 0 || full.some(({ isSensorData }) => isSensorData)) {
    return bySize(full.length === 0 ? pictures : full)[0];
  }
  const pages = [...new Set(full.map(({ page }) => page))].flatMap((page) =>
    bySize(full.filter((picture) => picture.page === page)).slice(0, 1),
  );
  const [first] = pages;
  const [largest] = bySize(pages);
  return first && largest && isThumbnailOf(first, largest) ? largest : first;
}

function isThumbnailOf(small: TiffPicture, large: TiffPicture): boolean {
  if (small.isPage || large.width < 2 * small.width || large.height < 2 * small.height) return false;
  return isSmall(small) || haveSameShape(small, large);
}

/** Whether a picture has the size of a thumbnail. */
export function isSmall({ width, height }: TiffPicture): boolean {
  return Math.max(width, height) <= THUMBNAIL_SIDE;
}

/** The sides of a copy are rounded to whole pixels. */
function haveSameShape(small: TiffPicture, large: TiffPicture): boolean {
  const difference = Math.abs(small.width * large.height - large.width * small.height);
  return difference <= Math.max(large.width, large.height);
}

/** Returns the pictures that can be shown instead of one that cannot be decoded, the largest first. Other pages of a document cannot. */
export function showableCopies(pictures: readonly TiffPicture[]): TiffPicture[] {
  return bySize(
    pictures.filter(({ meaning, isPage, isAuxiliary }) => meaning !== undefined && !isPage && !isAuxiliary),
  );
}

/**
 * Returns the size of the main picture of a TIFF, and its orientation, or else that of the first page. exiftool returns those of the first
 * page, unless another one is marked as having full resolution.
 */
export function storedFacts(
  pictures: readonly TiffPicture[],
): Pick<PhotoMetadata, 'width' | 'height' | 'orientation'> {
  const real = realPicture(pictures);
  if (real === undefined) return {};
  const { width, height } = real;
  const orientation = real.orientation ?? pictures.find(({ page }) => page === 0)?.orientation;
  return { width, height, ...(orientation ? { orientation } : {}) };
}
