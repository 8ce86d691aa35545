// Preloaded into a service's process: tells every file of a package that it loads, a line each, to file descriptor 3.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:') && url.includes('/node_modules/')) writeSync(3, `${fileURLToPath(url)}\n`);
    return nextLoad(url, context);
  },
});
