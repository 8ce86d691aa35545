import { PassThrough, pipeline, type Readable } from 'node:stream';
import { translate } from './faults.js';

/** An answer's bytes. Destroying them gives back the connection; a connection that breaks is a StorageUnavailableError. */
export function receive(answer: Readable, what: string): Readable {
  const body = new PassThrough({
    destroy(error, done) {
      done(answer.errored ? translate(what, answer.errored) : error);
    },
  });
  // Whatever ends one of the two ends the other; who reads the body hears of it there.
  pipeline(answer, body, () => {});
  return body;
}
