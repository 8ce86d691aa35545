import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the build puts the viewer (copy-viewer.ts); the same from src/ and from dist/. */
export const viewerFolder = fileURLToPath(new URL('../../dist/viewer', import.meta.url));

export interface Viewer {
  /** The name says what is in the file, so that browsers may keep it for ever. */
  name: string;
  file: string;
  /** The same file compressed, so that nothing is compressed on request. */
  gzipped: string;
}

export function findViewer(): Viewer {
  const file = join(viewerFolder, 'redoc.js');
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
  return { name: `redoc-${hash}.js`, file, gzipped: `${file}.gz` };
}
