import { type FileTypeOptions, fileTypeFromBuffer, fileTypeFromFile, fileTypeFromTokenizer } from 'file-type';
import { heifDetector } from './heif.js';
import { tiffDetector } from './tiff.js';

const OPTIONS: FileTypeOptions = { customDetectors: [heifDetector, tiffDetector] };

/** Returns the MIME type of a file by its content, or undefined if it is not recognised. */
export async function sniffFile(path: string): Promise<string | undefined> {
  return (await fileTypeFromFile(path, OPTIONS))?.mime;
}

/**
 * The same for a file that is read through a tokenizer of the package `strtok3`. The tokenizer must have random access. It is closed
 * afterwards, and its errors are thrown.
 */
export async function sniffTokenizer(
  tokenizer: Parameters<typeof fileTypeFromTokenizer>[0],
): Promise<string | undefined> {
  return (await fileTypeFromTokenizer(tokenizer, OPTIONS))?.mime;
}

/** So many first bytes tell whether a file is a JPEG. */
export const JPEG_START_BYTES = 32;

/** Resolves to whether a file is a JPEG, by its first `JPEG_START_BYTES`, or by all of it if it is shorter. What follows cannot change it. */
export async function beginsAsJpeg(start: Uint8Array): Promise<boolean> {
  return (await sniffStart(start)) === 'image/jpeg';
}

/** Both byte orders of TIFF. Its first directory, by which camera RAW files are recognised, may be anywhere in the file. */
const TIFF_SIGNATURES = [Buffer.from('II*\0', 'latin1'), Buffer.from('MM\0*', 'latin1')];

/**
 * Returns the MIME type by the first bytes of a file, or undefined if it is not recognised. `image/tiff` may be a camera's RAW file,
 * which only the whole file shows.
 */
export async function sniffStart(bytes: Uint8Array): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(bytes, OPTIONS).catch(() => undefined);
  if (found) return found.mime;
  return TIFF_SIGNATURES.some((signature) => signature.equals(bytes.subarray(0, 4)))
    ? 'image/tiff'
    : undefined;
}
