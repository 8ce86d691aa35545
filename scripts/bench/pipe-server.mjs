// A peer of `npm run bench upload`: writes the body of each request to a file, and does nothing else. Prints its port.
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

let received = 0;
const server = createServer(async (request, response) => {
  received += 1;
  await pipeline(request, createWriteStream(join(process.argv[2], String(received))));
  response.writeHead(204).end();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
