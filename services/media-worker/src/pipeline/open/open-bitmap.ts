import type { Metadata } from 'sharp';
import type { Picture } from '../types.js';
import { endsInDisplayP3 } from './header.js';

/** A picture that sharp decodes straight from the file. */
export function openBitmap(path: string, header: Metadata): Picture {
  return { input: path, ...header.autoOrient, ...(endsInDisplayP3(header) ? { isDisplayP3: true } : {}) };
}
