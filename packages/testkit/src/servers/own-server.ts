import { setTimeout as sleep } from 'node:timers/promises';

/** A server that a keeper starts, in whatever way. Its port and its data stay the same from start to start. */
export interface OwnServer {
  /** With the name and password of an administrator. */
  readonly url: string;
  /** Resolves when it answers; rejects with the last of its output. Does nothing when it runs. */
  start(): Promise<void>;
  /** Ends it in the orderly way. Does nothing when it does not run. */
  shutDown(): Promise<void>;
  /** SIGKILL: what a power cut does. */
  kill(): Promise<void>;
  /** Ends it for good, by the shortest way, and whatever belongs to it outside its folder. */
  end(): Promise<void>;
  /** RabbitMQ only. A moment old: ask until it tells what you wait for. */
  queues?(): Promise<QueueLength[]>;
}

export interface QueueLength {
  name: string;
  /** Ready and unacknowledged. */
  messages: number;
}

const POLL_MS = 100;
/** Bounds a hang: a broker takes 5 s to start on an idle machine, and a minute on a busy one. */
const START_MS = 300_000;

/** Polls `isReady` until it says so. `failure` tells when there is no more to wait for. */
export async function untilReady(
  isReady: () => Promise<boolean>,
  failure: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await isReady())) {
    const problem = await failure();
    if (problem !== undefined) throw new Error(problem);
    if (Date.now() > deadline) throw new Error(`the server does not answer after ${START_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}
