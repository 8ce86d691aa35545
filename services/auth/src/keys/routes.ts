import { endpoints } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import type { KeyRing } from './key-ring.js';

/** Public keys may be cached by anybody; a verifier that meets an unknown `kid` asks again anyway. */
const CACHE_CONTROL = 'public, max-age=300';

export function mountKeys({ mount }: ServiceApp, keys: KeyRing): void {
  mount(endpoints.jwks, async ({ res }) => {
    res.setHeader('Cache-Control', CACHE_CONTROL);
    return keys.keySet();
  });
}
