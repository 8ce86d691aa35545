import { createHash } from 'node:crypto';
import { thumbHashToApproximateAspectRatio, thumbHashToRGBA } from 'thumbhash';
import { readAsset } from '../../pages/page.js';

export interface PageScript {
  /** The name says what is in the file, so that browsers may keep it for ever. */
  path: string;
  code: string;
}

/**
 * The script of the page: ours, and of the package `thumbhash` the two functions that draw a placeholder. They need nothing but
 * each other, so their own source is taken; the whole package is three times as long.
 */
export function pageScript(): PageScript {
  const code = [thumbHashToApproximateAspectRatio, thumbHashToRGBA, readAsset('share.js')]
    .map(String)
    .join('\n');
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  return { path: `/assets/share-${hash}.js`, code };
}
