import type { MediaVariant } from '@lazyphotos/contracts';
import { create } from 'content-disposition';

/** No path may hide in a name, no control character, and no reversed text that makes `gpj.exe` read `exe.jpg`. */
export const safeName = (name: string): string =>
  name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replaceAll(/[/\\]/g, '_')
    .trim();

/** Content-Disposition (RFC 6266): originals are saved under the name that they came with, previews are shown. */
export function dispositionOf(photoId: string, variant: MediaVariant, fileName: string | undefined): string {
  const name = safeName(fileName ?? '') || `${photoId}-${variant}`;
  return variant === 'original'
    ? create(name, { type: 'attachment' })
    : create(`${photoId}-${variant}.jpg`, { type: 'inline' });
}
