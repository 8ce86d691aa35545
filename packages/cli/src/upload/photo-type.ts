import { extname } from 'node:path';
import { acceptedTypes, canonicalMimeType, contentMatches } from '@lazyphotos/contracts';
import { sniffFile } from '@lazyphotos/photo-type';

/**
 * The accepted type of a photo whose magic bytes say `sniffed`, or undefined for anything else. The name only tells apart what
 * looks alike inside: some camera RAW files are TIFF files to every reader of magic bytes.
 */
export function photoTypeOf(sniffed: string, fileName: string): string | undefined {
  const extension = extname(fileName).slice(1).toLowerCase();
  const named = acceptedTypes.find(({ extensions }) => extensions.includes(extension))?.mimeType;
  if (named !== undefined && contentMatches(named, sniffed)) return named;
  return (
    canonicalMimeType(sniffed) ?? acceptedTypes.find((type) => type.sniffed?.includes(sniffed))?.mimeType
  );
}

/** Looks into a file: its type if it is a photo that the node accepts. */
export async function detectPhotoType(path: string): Promise<string | undefined> {
  const sniffed = await sniffFile(path);
  return sniffed === undefined ? undefined : photoTypeOf(sniffed, path);
}
