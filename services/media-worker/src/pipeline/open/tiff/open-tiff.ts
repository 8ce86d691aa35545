import type { SharpOptions } from 'sharp';
import { MediaError } from '../../errors.js';
import type { Picture } from '../../types.js';
import { endsInDisplayP3, readHeader, turningOf } from '../header.js';
import { checkPixels } from '../limits.js';
import {
  type Embedded,
  type EmbeddedOpening,
  extractEmbedded,
  inPlaceOfPhoto,
  turned,
} from '../open-embedded.js';
import { isSmall, realPicture, showableCopies } from './choose-picture.js';
import { openCielab8 } from './open-cielab8.js';
import type { TiffPicture } from './tiff-picture.js';

export interface TiffOpening extends EmbeddedOpening {
  pictures: readonly TiffPicture[];
}

/**
 * Opens the picture that a TIFF is about. Where that is a camera's sensor data, or of a kind that nothing here decodes, the
 * largest copy of it is shown: another picture of the TIFF, or a JPEG that the camera has put into its own notes. A picture of
 * the size of a thumbnail, about which the TIFF says nothing, may be such a copy itself.
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
  return { input, ...inPlaceOfPhoto({ ...header, ...turningOf(header) }, metadata), release };
}

/** The orientation that is told of the photo is the one that is applied. */
async function openPicture(picture: TiffPicture, opening: TiffOpening): Promise<Picture> {
  const { path, metadata, limits } = opening;
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
  const header = await readHeader(path, limits, where);
  return {
    ...shown,
    page,
    ...(subIfd === undefined ? {} : { subIfd }),
    ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}),
  };
}

/** Undefined when a copy cannot be opened, so that a smaller one may be tried. */
async function tryPicture(picture: TiffPicture, opening: TiffOpening): Promise<Picture | undefined> {
  try {
    return await openPicture(picture, opening);
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}
