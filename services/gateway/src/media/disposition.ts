import type { ObjectInfo } from '@lazyphotos/object-storage';
import type { MediaLocation } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';

/** No path may hide in a name, no control character, and no reversed text that makes `gpj.exe` read `exe.jpg`. */
const safe = (name: string): string =>
  name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replaceAll(/[/\\]/g, '_')
    .trim();

/** Content-Disposition (RFC 6266): originals are saved under the name that they came with, previews are shown. */
export function dispositionOf({ photoId, variant }: MediaLocation, info: ObjectInfo): string {
  const name = safe(info.metadata['file-name'] ?? '') || `${photoId}-${variant}`;
  return variant === 'original'
    ? create(name, { type: 'attachment' })
    : create(`${photoId}-${variant}.jpg`, { type: 'inline' });
}
