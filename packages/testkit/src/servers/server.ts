import { setTimeout as sleep } from 'node:timers/promises';

/** Where a server for tests comes from. */
export type Source =
  /** It runs already, and others may use it too. */
  | { kind: 'shared'; url: string }
  | { kind: 'docker'; image: string }
  /** A program on this machine; the path of the one that starts the server. */
  | { kind: 'program'; path: string }
  /** None: suites that need the server are skipped. `reason` says why, and how to get one. */
  | { kind: 'none'; reason: string };

export type OwnSource = Extract<Source, { kind: 'docker' | 'program' }>;

/** A server of this test run, started as a program or in a container. Its port and its data stay the same from start to start. */
export interface OwnServer {
  /** With the name and password of an administrator. */
  readonly url: string;
  /** Resolves when the server is ready; rejects with the last of its output. Does nothing when it runs. */
  start(): Promise<void>;
  /** Ends it in the orderly way. Does nothing when it does not run. */
  shutDown(): Promise<void>;
  /** SIGKILL: what a power cut does. */
  kill(): Promise<void>;
  /** Ends it as fast as possible, and removes what belongs to it outside its folder. It cannot be started again. */
  end(): Promise<void>;
  /** RabbitMQ only. The numbers are a moment old: repeat the call until they are as expected. */
  queues?(): Promise<QueueLength[]>;
  /** RabbitMQ only. */
  readonly apiUrl?: string;
}

export interface QueueLength {
  name: string;
  /** Ready and unacknowledged. */
  messages: number;
}

const POLL_MS = 100;
/** Bounds a hang: a broker takes 5 s to start on an idle machine, and a minute on a busy one. */
const START_MS = 300_000;
/** A port that another server has taken may accept a connection and never respond. */
const LOOK_MS = 45_000;

/** Polls `isReady` until it returns true. Throws what `failure` returns, when it returns something. */
export async function waitUntilReady(
  isReady: () => Promise<boolean>,
  failure: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + START_MS;
  const isReadyInTime = () => Promise.race([isReady(), sleep(LOOK_MS, false, { ref: false })]);
  while (!(await isReadyInTime())) {
    const problem = await failure();
    if (problem !== undefined) throw new Error(problem);
    if (Date.now() > deadline) throw new Error(`the server is not ready after ${START_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}
