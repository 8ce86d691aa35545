import { previewVariants } from '@lazyphotos/contracts';
import type { SignedVariant } from '@lazyphotos/service-kit';
import { create } from 'content-disposition';

/** No path may hide in a name, no control character, and no reversed text that makes `gpj.exe` read `exe.jpg`. */
export const safeName = (name: string): string =>
  name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .replaceAll(/[/\\]/g, '_')
    .trim();

/**
 * Content-Disposition (RFC 6266): originals and their copies are saved under `fileName`, the name in the URL or else the one that
 * they came with; previews are shown.
 */
export function dispositionOf(photoId: string, variant: SignedVariant, fileName: string | undefined): string {
  if (isPreview(variant)) return create(`${photoId}-${variant}.jpg`, { type: 'inline' });
  return create(safeName(fileName ?? '') || `${photoId}-${variant}`, { type: 'attachment' });
}

const isPreview = (variant: string): boolean => (previewVariants as readonly string[]).includes(variant);
