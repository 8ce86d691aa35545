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

export const ACCEPTED_TYPES: readonly AcceptedType[] = [
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

/** Archives of photos, which are uploaded to be imported. */
export const ARCHIVE_TYPE = 'application/zip';
const ARCHIVE_ALIASES = ['application/zip', 'application/x-zip-compressed', 'application/x-zip'];

/** Whether an upload is announced as an archive. */
export const isArchiveType = (mimeType: string): boolean => ARCHIVE_ALIASES.includes(mimeType);

/** The canonical name of an accepted type, or undefined. */
export function canonicalMimeType(name: string): string | undefined {
  return ACCEPTED_TYPES.find((type) => type.mimeType === name || type.aliases?.includes(name))?.mimeType;
}

/** Whether content whose magic bytes say `sniffed` may be called `mimeType` (canonical). */
export function contentMatches(mimeType: string, sniffed: string): boolean {
  const type = ACCEPTED_TYPES.find((candidate) => candidate.mimeType === mimeType);
  return (
    type !== undefined &&
    (canonicalMimeType(sniffed) === mimeType || type.sniffed?.includes(sniffed) === true)
  );
}

/** Names of the container of HEIC and AVIF: which of the two a photo is, only its content says. */
const CONTAINER_TYPES = ['image/heif', 'image/heif-sequence'];

/** Returns what an upload is announced as: a canonical type, or `image/heif` for the container; undefined for others. */
export function announcedMimeType(name: string): string | undefined {
  return CONTAINER_TYPES.includes(name) ? 'image/heif' : canonicalMimeType(name);
}

/**
 * Returns the canonical type of content whose magic bytes say `sniffed` and that was announced as `announced` (of
 * `announcedMimeType`); undefined when the two do not go together.
 */
export function storedMimeType(announced: string, sniffed: string): string | undefined {
  if (announced !== 'image/heif') return contentMatches(announced, sniffed) ? announced : undefined;
  const found = canonicalMimeType(sniffed);
  return found === 'image/heic' || found === 'image/avif' ? found : undefined;
}

const RAW_TYPES = new Set(
  ['dng', 'cr2', 'cr3', 'nef', 'arw', 'raf', 'orf', 'rw2'].map(
    (extension) => ACCEPTED_TYPES.find((type) => type.extensions.includes(extension))?.mimeType,
  ),
);

export const isCameraRaw = (mimeType: string): boolean => RAW_TYPES.has(mimeType);

/**
 * Returns the accepted type of a photo whose magic bytes say `sniffed`; undefined for anything else. The file name only tells apart
 * what looks alike inside: some camera RAW files are TIFF files to every reader of magic bytes.
 */
export function photoTypeOf(sniffed: string, fileName: string): string | undefined {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
  const named = ACCEPTED_TYPES.find(({ extensions }) => extensions.includes(extension))?.mimeType;
  if (named !== undefined && contentMatches(named, sniffed)) return named;
  return (
    canonicalMimeType(sniffed) ?? ACCEPTED_TYPES.find((type) => type.sniffed?.includes(sniffed))?.mimeType
  );
}
