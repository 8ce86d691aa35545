// `npm run jest -- [path]`. Here only what Node 12 can parse: see test.mjs.
import { onSupportedNode } from './lib/check-node.mjs';

void onSupportedNode(() => import('./lib/jest-all.mjs'));
