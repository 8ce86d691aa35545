// `npm run build`: installs when needed and builds what has changed, through turbo's cache.
import { onSupportedNode } from './lib/check-node.mjs';

void onSupportedNode(() => import('./lib/build-all.mjs'));
