import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { saysOutOfMemory } from '../bounded-process.js';
import { isMachineFault, MediaError, OutOfMemoryError, ProcessorUnavailableError } from '../errors.js';
import type { Cicp, Limits, Picture } from '../types.js';
import { cicpToSrgb, isSrgb } from './cicp.js';
import { fitSamples } from './fit-samples.js';

/** Decoded pixels, 8 bits a channel, sRGB (or grey), upright. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
}

/**
 * Decodes a photo once, directly to the size of the largest preview: for JPEG and WebP the decoder skips the pixels that are not needed
 * (shrink-on-load).
 */
export async function renderPixels(picture: Picture, limits: Limits): Promise<Pixels> {
  const timeoutSeconds = Math.ceil(limits.timeoutMs / 1000);
  const started = performance.now();
  try {
    const openAt = (where: SharpOptions): Sharp =>
      sharp(picture.input, {
        limitInputPixels: limits.maxPixels,
        sequentialRead: true,
        ...where,
      }).timeout({ seconds: timeoutSeconds });
    return await renderUndamaged(picture, limits.maxSide, (where) =>
      orient(openAt(where), picture.orientation),
    );
  } catch (cause) {
    if (performance.now() - started >= timeoutSeconds * 1000) {
      throw new MediaError('timed_out', 'Decoding the picture took too long', { cause });
    }
    if (isOutOfMemory(cause)) throw new OutOfMemoryError('Decoding takes too much memory', { cause });
    if (isMachineFault(cause)) {
      throw new ProcessorUnavailableError('The picture could not be decoded because of missing resources', {
        cause,
      });
    }
    const { width, height, turnedBy: orientation } = picture;
    throw new MediaError('undecodable', 'The picture is damaged or incomplete', {
      cause,
      width,
      height,
      orientation,
    });
  }
}

/** Opens a picture in its displayed orientation. */
type OpenUpright = (options: SharpOptions) => Sharp;

/**
 * `truncated` refuses incomplete pictures, whose lower part would be grey. The stricter `warning` also refuses complete ones: many phones
 * leave stray bytes in their JPEGs. Incomplete TIFFs need `error`, which also refuses complete ones for a tag that does not matter.
 */
async function renderUndamaged(picture: Picture, side: number, upright: OpenUpright): Promise<Pixels> {
  const render = (failOn: 'error' | 'truncated') =>
    renderUpright(picture, side, (options) => upright({ ...options, failOn }));
  if (!picture.isStrict) return render('truncated');
  try {
    return await render('error');
  } catch (error) {
    if (isAboutTags(error)) return render('truncated');
    throw error;
  }
}

/**
 * libtiff's errors differ only in their text. Those of directories name a tag, those of pixels do not. After one of the former it stops
 * before the pixels; others (a seek, a colour profile) are consequences.
 */
function isAboutTags(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const lines = error.message.split('\n').filter((line) => line.startsWith('tiff2vips:'));
  return lines.length > 0 && lines.every((line) => /\b(tag|field|directory|IFD)\b|"\w+"/i.test(line));
}

async function renderUpright(picture: Picture, side: number, upright: OpenUpright): Promise<Pixels> {
  const { page, subIfd, meaning = 'display', isDisplayP3 = false, unlimited = false, cicp } = picture;
  const where: SharpOptions = {
    unlimited,
    ...(page === undefined ? {} : { page }),
    ...(subIfd === undefined ? {} : { tiff: { subifd: subIfd } }),
  };
  if (cicp && !isSrgb(cicp))
    return fitDescribed(upright({ ...where, ignoreIcc: true }), side, cicp, picture.bitsPerSample);
  if (meaning !== 'display') return fitSamples(meaning, upright, where, side);
  const image = upright({ ...where, ignoreIcc: cicp !== undefined });
  return fit(isDisplayP3 ? image.withIccProfile('srgb', { attach: false }) : image, side);
}

/** Scales down to fit a square, never up, and never below one pixel: a line of pixels stays a line. */
export async function fit(image: Sharp, side: number): Promise<Pixels> {
  const { data, info } = await image
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  // A TIFF may have channels beyond colour and transparency.
  const channels = Math.min(info.channels, 4) as Pixels['channels'];
  return { data: firstChannels(data, info.channels, channels), width, height, channels };
}

function firstChannels(data: Buffer, from: number, to: number): Buffer {
  if (from === to) return data;
  const kept = Buffer.alloc((data.length / from) * to);
  for (let pixel = 0; pixel * from < data.length; pixel += 1) {
    data.copy(kept, pixel * to, pixel * from, pixel * from + to);
  }
  return kept;
}

/** The same for samples that are not sRGB but described by code points, to the size of the largest preview. */
async function fitDescribed(
  image: Sharp,
  side: number,
  cicp: Cicp,
  bitsPerSample: 8 | 16 = 8,
): Promise<Pixels> {
  const space = bitsPerSample === 16 ? 'rgb16' : 'srgb';
  const { data, info } = await image
    .pipelineColourspace(space)
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .toColourspace(space)
    .raw({ depth: bitsPerSample === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const samples =
    bitsPerSample === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { data: cicpToSrgb({ data: samples, channels }, cicp), width, height, channels };
}

export function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** The operations for each EXIF orientation: mirror left and right, then rotate clockwise. sharp keeps that order. */
const TURNS: Record<number, { degrees: number; mirror?: true }> = {
  2: { degrees: 0, mirror: true },
  3: { degrees: 180 },
  4: { degrees: 180, mirror: true },
  5: { degrees: 270, mirror: true },
  6: { degrees: 90 },
  7: { degrees: 90, mirror: true },
  8: { degrees: 270 },
};

function orient(image: Sharp, orientation: number | undefined): Sharp {
  if (orientation === undefined) return image.autoOrient();
  const turn = TURNS[orientation];
  return turn ? image.flop(turn.mirror ?? false).rotate(turn.degrees) : image;
}

/** libvips reports a failed allocation only in the text of the error. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && saysOutOfMemory(error.message);
}
