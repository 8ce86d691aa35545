import type { RequestListener } from 'node:http';

/** A composed service: standalone runs six of them in one process, a container runs one. */
export interface Service {
  name: string;
  /** Its HTTP interface, health included; served on a port or called in-process by the gateway. */
  handler: RequestListener;
  /** Rejects while one of its dependencies does not answer. */
  ready(): Promise<void>;
  /** Starts its consumers and timers. */
  start(): Promise<void>;
  /** Ends them and waits for what is under way. The caller closes what it handed in (database, bus, store). */
  stop(): Promise<void>;
}
