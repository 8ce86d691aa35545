/** Asks the provider for a server and waits until it has found it: the blocking half of requestSource(). */
import { get } from 'node:http';

// Not fetch, which gives up after five minutes: an installation may take longer.
get(process.argv[2] ?? '', (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
