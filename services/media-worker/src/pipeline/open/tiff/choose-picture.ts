import type { PhotoMetadata } from '../../types.js';
import type { TiffPicture } from './tiff-picture.js';

/** No scanned page is as small; thumbnails are, whose programs have not marked them as such. */
const thumbnailSide = 512;

const pixels = ({ width, height }: TiffPicture): number => width * height;

/** Larger ones first; of equal ones the first of the file. */
const bySize = (pictures: readonly TiffPicture[]): TiffPicture[] =>
  [...pictures].sort((a, b) => pixels(b) - pixels(a));

/**
 * The picture that a TIFF is about: of a camera RAW the sensor's data, of a document its first page, of anything else the largest
 * that is no reduced copy. Where all are reduced, the largest. Undefined when there is none at all.
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

/** Whether a picture is of the size of thumbnails. */
export function isSmall({ width, height }: TiffPicture): boolean {
  return Math.max(width, height) <= thumbnailSide;
}

/** The sides of a copy are rounded to whole pixels. */
function haveSameShape(small: TiffPicture, large: TiffPicture): boolean {
  const difference = Math.abs(small.width * large.height - large.width * small.height);
  return difference <= Math.max(large.width, large.height);
}

/** What can be shown in place of a picture that nothing here decodes, the largest first. Other pages of a document cannot. */
export function showableCopies(pictures: readonly TiffPicture[]): TiffPicture[] {
  return bySize(
    pictures.filter(({ meaning, isPage, isAuxiliary }) => meaning !== undefined && !isPage && !isAuxiliary),
  );
}

/**
 * What a TIFF tells of its photo: the size of the picture that it is about, and the orientation of that, or else of the first page.
 * exiftool gives those of the first page, unless another one is marked as being of full resolution.
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
