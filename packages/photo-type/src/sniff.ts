import { type FileTypeOptions, fileTypeFromBuffer, fileTypeFromFile, fileTypeFromTokenizer } from 'file-type';
import { heifDetector } from './heif/detector.js';
import { tiffDetector } from './tiff/detector.js';

const OPTIONS: FileTypeOptions = { customDetectors: [heifDetector, tiffDetector] };

/** The MIME type that the content of a file shows, or undefined when nothing is recognised. */
export async function sniffFile(path: string): Promise<string | undefined> {
  return (await fileTypeFromFile(path, OPTIONS))?.mime;
}

/**
 * The same for a file that is read through a tokenizer of the package `strtok3`. The tokenizer must have random access, and is
 * closed afterwards. Its errors are thrown.
 */
export async function sniffTokenizer(
  tokenizer: Parameters<typeof fileTypeFromTokenizer>[0],
): Promise<string | undefined> {
  return (await fileTypeFromTokenizer(tokenizer, OPTIONS))?.mime;
}

/** Both byte orders of TIFF, whose first directory, which tells camera RAW files apart, may lie anywhere. */
const TIFF_SIGNATURES = [Buffer.from('II*\0', 'latin1'), Buffer.from('MM\0*', 'latin1')];

/**
 * The MIME type that the first bytes of a file show, or undefined when nothing is recognised. `image/tiff` may turn out to be a
 * camera's RAW file once the whole file can be read.
 */
export async function sniffStart(bytes: Uint8Array): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(bytes, OPTIONS).catch(() => undefined);
  if (found) return found.mime;
  return TIFF_SIGNATURES.some((signature) => signature.equals(bytes.subarray(0, 4)))
    ? 'image/tiff'
    : undefined;
}
