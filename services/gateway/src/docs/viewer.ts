import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder into which the build puts the viewer (copy-viewer.ts). The path is the same from src/ and from dist/. */
export const VIEWER_FOLDER = fileURLToPath(new URL('../../dist/viewer', import.meta.url));

export interface Viewer {
  /** Holds a hash of the file, so that browsers may keep the file without asking again. */
  name: string;
  file: string;
  /** The same file, compressed at build time. */
  gzipped: string;
}

export function findViewer(): Viewer {
  const file = join(VIEWER_FOLDER, 'redoc.js');
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
  return { name: `redoc-${hash}.js`, file, gzipped: `${file}.gz` };
}
