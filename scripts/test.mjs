// `npm test`. Here and in check-node.mjs only what Node 12 can parse: an old Node must get as far as the message.
import { onSupportedNode } from './lib/check-node.mjs';

void onSupportedNode(() => import('./lib/test-all.mjs'));
