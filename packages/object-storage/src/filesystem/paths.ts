import path from 'node:path';
import { checkKey } from '../keys.js';

/** Where everything is; see the README for the layout. Only checked keys become paths. */
export interface Layout {
  root: string;
  objects: string;
  meta: string;
  staging: string;
  temporary: string;
  /** @throws InvalidKeyError */
  object(key: string): string;
  /** @throws InvalidKeyError */
  sidecar(key: string): string;
  /** Undefined for what cannot be an id of ours. */
  upload(uploadId: string): string | undefined;
}

export function createLayout(root: string): Layout {
  const base = path.resolve(root);
  const objects = path.join(base, 'objects');
  const meta = path.join(base, 'meta');
  const staging = path.join(base, 'staging');
  return {
    root: base,
    objects,
    meta,
    staging,
    temporary: path.join(base, 'tmp'),
    object(key) {
      checkKey(key);
      return path.join(objects, key);
    },
    // '+' cannot be in a key: the sidecar of `a` never meets the folder of `a.json/b`.
    sidecar(key) {
      checkKey(key);
      return path.join(meta, `${key}+.json`);
    },
    upload: (uploadId) => (/^[0-9a-f]{32}$/.test(uploadId) ? path.join(staging, uploadId) : undefined),
  };
}
