// A process that holds a lock until it is killed. Runs the built package.
import { withFolderLock, withSocketLock } from '../dist/index.js';

const [name, kind] = process.argv.slice(2);
const withLock = kind === 'folder' ? withFolderLock : withSocketLock;
process.on('message', () => undefined); // keeps the process alive
await withLock(name, () => {
  process.send('locked');
  return new Promise(() => undefined);
});
