import type { Detector, FileTypeResult } from 'file-type';
import { type ByteSource, bytesOf } from '../bytes.js';
import { boxes } from './boxes.js';
import { primaryCodec } from './primary-item.js';

const HEIC: FileTypeResult = { ext: 'heic', mime: 'image/heic' };
const AVIF: FileTypeResult = { ext: 'avif', mime: 'image/avif' };
/** The container alone: a codec that is not told. */
const HEIF: FileTypeResult = { ext: 'heif', mime: 'image/heif' };

/** Brands for HEVC: of ISO/IEC 23008-12, annex B, and of ISO/IEC 23000-22 (MIAF), annex A. */
const HEVC_BRANDS = new Set('heic heix heim heis hevc hevx hevm hevs MiHB MiHA MiHE'.split(' '));
/** Brands for AV1: of the AV1 Image File Format, sections 6 and 8. */
const AV1_BRANDS = new Set(['avif', 'avis', 'avio', 'MA1A', 'MA1B']);
/** Brands of the container that leave the codec open. */
const OPEN_BRANDS = new Set(['mif1', 'mif2', 'mif3', 'msf1', 'miaf', 'MiPr', 'tmap', '1pic']);

const HEVC_ITEMS = new Set(['hvc1', 'hev1', 'lhv1', 'hvt1']);

/** Real files name ten brands or so. */
const MAX_FILE_TYPE_BYTES = 1024;

/**
 * HEIC and AVIF are one container. Which of them it is, the codec of the primary item decides, or else the brands: all of
 * them, since the major brand is often the open `mif1`. A file without any of these brands (a video) is left to others.
 */
export const heifDetector: Detector = {
  id: 'heif',
  async detect(tokenizer) {
    const read = bytesOf(tokenizer);
    const brands = await readBrands(read);
    if (!brands.some((brand) => OPEN_BRANDS.has(brand) || HEVC_BRANDS.has(brand) || AV1_BRANDS.has(brand))) {
      return undefined;
    }
    const codec = await findCodec(read, tokenizer.fileInfo.size ?? Number.MAX_SAFE_INTEGER);
    if (codec === undefined) return byBrands(brands);
    if (codec === 'av01') return AVIF;
    return HEVC_ITEMS.has(codec) ? HEIC : undefined;
  },
};

/** The brands of the `ftyp` box, the major one first; none when the file does not begin with one. */
async function readBrands(read: ByteSource): Promise<string[]> {
  const header = await read(0, 16);
  if (header.length < 16 || header.toString('latin1', 4, 8) !== 'ftyp') return [];
  const bytes = await read(0, Math.min(header.readUInt32BE(0), MAX_FILE_TYPE_BYTES));
  // The major brand is followed by its version.
  const places = [8];
  for (let at = 16; at + 4 <= bytes.length; at += 4) places.push(at);
  return places.map((at) => bytes.toString('latin1', at, at + 4));
}

async function findCodec(read: ByteSource, size: number): Promise<string | undefined> {
  for await (const box of boxes(read, 0, size)) {
    if (box.type === 'meta') return primaryCodec(read, box);
  }
  return undefined;
}

function byBrands(brands: readonly string[]): FileTypeResult {
  const isHevc = brands.some((brand) => HEVC_BRANDS.has(brand));
  const isAv1 = brands.some((brand) => AV1_BRANDS.has(brand));
  if (isHevc === isAv1) return HEIF;
  return isHevc ? HEIC : AVIF;
}
