import { type FileTypeOptions, fileTypeFromFile, fileTypeFromTokenizer } from 'file-type';
import { heifDetector } from './heif/detector.js';
import { tiffDetector } from './tiff/detector.js';

const options: FileTypeOptions = { customDetectors: [heifDetector, tiffDetector] };

/** The MIME type that the content of a file shows, or undefined when nothing is recognised. */
export async function sniffFile(path: string): Promise<string | undefined> {
  return (await fileTypeFromFile(path, options))?.mime;
}

/**
 * The same for a file that is read through a tokenizer of the package `strtok3`. The tokenizer must have random access, and is
 * closed afterwards. Its errors are thrown.
 */
export async function sniffTokenizer(
  tokenizer: Parameters<typeof fileTypeFromTokenizer>[0],
): Promise<string | undefined> {
  return (await fileTypeFromTokenizer(tokenizer, options))?.mime;
}
