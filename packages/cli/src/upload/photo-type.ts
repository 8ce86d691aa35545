import { extname } from 'node:path';
import { ACCEPTED_TYPES, photoTypeOf } from '@lazyphotos/contracts';
import { sniffFile } from '@lazyphotos/photo-type';
import { type LocalPath, readableName } from '../local-path.js';

const extensionOf = (fileName: string): string => extname(fileName).slice(1).toLowerCase();

export interface DetectedType {
  /** The type, if the node accepts it. */
  accepted: string | undefined;
  /** The type by the magic bytes, if they are known. */
  sniffed: string | undefined;
}

/** Detects the type of a file by its content. */
export async function detectPhotoType(path: LocalPath): Promise<DetectedType> {
  // Its type is text, but node:fs opens it, which also accepts bytes.
  const sniffed = await sniffFile(path as string);
  if (sniffed === undefined) return { accepted: undefined, sniffed };
  return { accepted: photoTypeOf(sniffed, readableName(path)), sniffed };
}

/** Extensions of pictures and videos that the node does not accept. */
const OTHER_MEDIA = new Set(
  (
    'bmp jxl jp2 j2k jxr psd xcf exr hdr tga pcx jpe jfif cr crw pef srw mrw x3f nrw srf sr2 3fr fff iiq kdc dcr k25 erf mef ' +
    'mos rwl raw gpr insp mpo jps mov mp4 m4v 3gp 3g2 avi mts m2ts mpg mpeg wmv mkv webm insv lrv'
  ).split(' '),
);

const isAcceptedExtension = (extension: string): boolean =>
  ACCEPTED_TYPES.some(({ extensions }) => extensions.includes(extension));

/** Returns whether a name is that of a picture or video. macOS stores attributes of a file beside it, as `._<name>`. */
export function isMediaName(name: string): boolean {
  const extension = extensionOf(name);
  return !name.startsWith('._') && (isAcceptedExtension(extension) || OTHER_MEDIA.has(extension));
}

/** Returns the same for types that the node does not accept, which may have no known magic bytes. */
export const isOtherMediaName = (name: string): boolean => OTHER_MEDIA.has(extensionOf(name));
