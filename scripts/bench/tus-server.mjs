// The peer of `npm run bench upload`: @tus/server with its file store as it comes, without hash and fsync. Prints its port.
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const server = new Server({ path: '/files', datastore: new FileStore({ directory: process.argv[2] }) });
const listener = server.listen({ host: '127.0.0.1', port: 0 }, () => {
  process.stdout.write(`${listener.address().port}\n`);
});
