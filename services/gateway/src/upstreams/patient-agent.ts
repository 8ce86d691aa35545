import type { ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { ReplicaAgent } from '@lazyphotos/service-kit';

type WriteDone = (error?: Error | null) => void;

/**
 * Keeps a connection readable after writing to it has failed. A service that refuses a body answers and closes before it has
 * read everything; our next write then fails, and Node would throw the connection away together with the answer that waits to
 * be read from it. A service that is gone without an answer still shows: reading ends.
 */
function readOnAfterFailedWrites(socket: Duplex): void {
  const tolerant =
    (done: WriteDone): WriteDone =>
    () =>
      done();
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, tolerant(done));
  const writev = socket._writev?.bind(socket);
  if (writev) socket._writev = (chunks, done) => writev(chunks, tolerant(done));
}

/** Connections to a service that let an answer be read which came before the request was sent to its end. */
export class PatientAgent extends ReplicaAgent {
  override createConnection(
    options: ClientRequestArgs,
    created?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const socket = super.createConnection(options, created);
    if (socket) readOnAfterFailedWrites(socket);
    return socket;
  }
}
