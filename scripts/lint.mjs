// `npm run lint`: style and types of everything.
import { onSupportedNode } from './lib/check-node.mjs';

void onSupportedNode(() => import('./lib/lint-all.mjs'));
