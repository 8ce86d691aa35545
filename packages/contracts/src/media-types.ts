/**
 * What may be uploaded. `aliases` are other names that clients use; `sniffed` are the types that magic bytes show for such
 * content where they differ (camera RAW files are TIFF files inside, HEIF brands vary).
 */
interface AcceptedType {
  mimeType: string;
  extensions: readonly string[];
  aliases?: readonly string[];
  sniffed?: readonly string[];
}

export const acceptedTypes: readonly AcceptedType[] = [
  { mimeType: 'image/jpeg', extensions: ['jpg', 'jpeg'], aliases: ['image/jpg', 'image/pjpeg'] },
  { mimeType: 'image/png', extensions: ['png'], sniffed: ['image/apng'] },
  { mimeType: 'image/webp', extensions: ['webp'] },
  { mimeType: 'image/gif', extensions: ['gif'] },
  { mimeType: 'image/tiff', extensions: ['tif', 'tiff'], aliases: ['image/tif'] },
  {
    mimeType: 'image/heic',
    extensions: ['heic', 'heif', 'hif'],
    aliases: ['image/heif', 'image/heic-sequence', 'image/heif-sequence'],
    sniffed: ['image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  },
  { mimeType: 'image/avif', extensions: ['avif'], aliases: ['image/avif-sequence'] },
  { mimeType: 'image/x-adobe-dng', extensions: ['dng'], aliases: ['image/dng'], sniffed: ['image/tiff'] },
  { mimeType: 'image/x-canon-cr2', extensions: ['cr2'], sniffed: ['image/tiff'] },
  { mimeType: 'image/x-canon-cr3', extensions: ['cr3'] },
  { mimeType: 'image/x-nikon-nef', extensions: ['nef'], sniffed: ['image/tiff'] },
  { mimeType: 'image/x-sony-arw', extensions: ['arw'], sniffed: ['image/tiff'] },
  { mimeType: 'image/x-fujifilm-raf', extensions: ['raf'], aliases: ['image/x-fuji-raf'] },
  { mimeType: 'image/x-olympus-orf', extensions: ['orf'], sniffed: ['image/tiff'] },
  { mimeType: 'image/x-panasonic-rw2', extensions: ['rw2'], sniffed: ['image/tiff'] },
];

/** The canonical name of an accepted type, or undefined. */
export function canonicalMimeType(name: string): string | undefined {
  return acceptedTypes.find((type) => type.mimeType === name || type.aliases?.includes(name))?.mimeType;
}

/** Whether content whose magic bytes say `sniffed` may be called `mimeType` (canonical). */
export function contentMatches(mimeType: string, sniffed: string): boolean {
  const type = acceptedTypes.find((candidate) => candidate.mimeType === mimeType);
  return (
    type !== undefined &&
    (canonicalMimeType(sniffed) === mimeType || type.sniffed?.includes(sniffed) === true)
  );
}

/**
 * The canonical type of content whose magic bytes say `sniffed` and that a client calls `mimeType` (canonical), or undefined when
 * the two do not go together. HEIC and AVIF are one container, and clients call either by its names (`.heif`, `image/heif`,
 * `image/heic`): then the content decides.
 */
export function storedMimeType(mimeType: string, sniffed: string): string | undefined {
  if (contentMatches(mimeType, sniffed)) return mimeType;
  const found = canonicalMimeType(sniffed);
  return mimeType === 'image/heic' && found === 'image/avif' ? found : undefined;
}

const rawTypes = new Set(
  ['dng', 'cr2', 'cr3', 'nef', 'arw', 'raf', 'orf', 'rw2'].map(
    (extension) => acceptedTypes.find((type) => type.extensions.includes(extension))?.mimeType,
  ),
);

export const isCameraRaw = (mimeType: string): boolean => rawTypes.has(mimeType);
