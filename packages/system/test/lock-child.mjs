// A process that holds a lock until it is killed. Runs the built package.
import { withSocketLock } from '../dist/index.js';

process.on('message', () => undefined); // keeps the process alive
await withSocketLock(process.argv[2], () => {
  process.send('locked');
  return new Promise(() => undefined);
});
