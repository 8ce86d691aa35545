import { previewSizes } from '@lazyphotos/contracts';
import type { Preview, PreviewVariant } from '../types.js';
import { renderPlaceholder } from './placeholder.js';
import { fit, fromPixels, type Pixels } from './render-pixels.js';

const jpegQuality = 80;

export interface Rendered {
  previews: Preview[];
  placeholder: string;
}

/** Makes everything from the decoded pixels: each size from the next larger one, which costs a tenth of the decode. */
export async function renderPreviews(medium: Pixels): Promise<Rendered> {
  const [mediumPreview, { thumb, placeholder }] = await Promise.all([
    encode('medium', medium),
    renderSmall(medium),
  ]);
  return { previews: [thumb, mediumPreview], placeholder };
}

async function renderSmall(medium: Pixels): Promise<{ thumb: Preview; placeholder: string }> {
  const pixels = await fit(fromPixels(medium), previewSizes.thumb);
  const [thumb, placeholder] = await Promise.all([encode('thumb', pixels), renderPlaceholder(pixels)]);
  return { thumb, placeholder };
}

/** Bare pixels carry no metadata, so that no place can leak into a preview. JPEG has no transparency: white shows through. */
async function encode(variant: PreviewVariant, pixels: Pixels): Promise<Preview> {
  const { width, height } = pixels;
  const data = await fromPixels(pixels)
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: jpegQuality })
    .toBuffer();
  return { variant, data, contentType: 'image/jpeg', width, height };
}
