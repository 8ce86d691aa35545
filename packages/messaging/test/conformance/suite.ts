import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { AnyEvent, EventPayload, Topology } from '@lazyphotos/contracts';
import type {
  BatchHandler,
  BusObserver,
  Delivery,
  EventBus,
  EventHandler,
  EventHandlers,
  QueueDepth,
  RetryPolicy,
} from '../../src/port.js';

export interface CreateOptions {
  retry: RetryPolicy;
  observer: BusObserver;
  /** How long `close` waits for the handlers under way. */
  drainMs: number;
  /** The bus does not poll: only events arrive that the broker announces. */
  neverPolls: boolean;
  /** The bus is of a process beside the application, such as an operator's command. */
  isBeside: boolean;
}

export interface ConformanceOptions {
  /** Connects a bus to the broker. A test may create several: each stands for a process. */
  create<T extends Topology>(topology: T, options: CreateOptions): Promise<EventBus<T>>;
  /** Before each test: buses that are created from now on find a broker without queues and events. */
  reset(): Promise<void>;
  /** Cuts every connection to the broker and refuses new ones, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** The application is one process: a second bus at the same time is only of a process beside it. */
  isAlone?: boolean;
  /** Random runs of the property test; each takes seconds. */
  propertyRuns?: number;
}

/** What the tests of one suite share. */
export interface Suite extends ConformanceOptions {
  /** A bus that is closed after the test. */
  bus(topology?: typeof TOPOLOGY, options?: Partial<CreateOptions>): Promise<TestBus>;
}

/** Two queues deliver the same event, one delivers two others, and no queue delivers the rest. */
export const TOPOLOGY = {
  'one.albums': ['album.deleted'],
  'two.albums': ['album.deleted'],
  'two.photos': ['photo.trashed', 'photo.purged'],
} as const satisfies Topology;

export type TestBus = EventBus<typeof TOPOLOGY>;

export const QUICK_RETRY: RetryPolicy = { maxAttempts: 3, baseDelaySeconds: 1, maxDelaySeconds: 2 };

export const DEFAULTS: CreateOptions = {
  retry: QUICK_RETRY,
  observer: {},
  drainMs: 60_000,
  neverPolls: false,
  isBeside: false,
};

const now = () => new Date().toISOString();

const photoPayload = (): EventPayload<'photo.trashed'> => ({
  photoId: randomUUID(),
  userId: randomUUID(),
  storageKey: 'originals/a/b',
  version: 3,
  deletedAt: now(),
});

type WithoutAlbum = 'photo.trashed' | 'photo.purged' | 'media.processed';

export const photoEvent = (type: Exclude<WithoutAlbum, 'media.processed'> = 'photo.trashed'): AnyEvent => ({
  id: randomUUID(),
  type,
  occurredAt: now(),
  payload: photoPayload(),
});

export const albumEvent = (more: { requestId?: string } = {}): AnyEvent => ({
  id: randomUUID(),
  type: 'album.deleted',
  occurredAt: now(),
  ...more,
  payload: { albumId: randomUUID(), userId: randomUUID(), version: 1, deletedAt: now() },
});

/** An event that no queue of TOPOLOGY delivers. */
export const unwantedEvent = (): AnyEvent => ({
  id: randomUUID(),
  type: 'media.processed',
  occurredAt: now(),
  payload: { photoId: randomUUID(), userId: randomUUID(), run: 1, outcome: 'ready', previews: [] },
});

export interface Seen {
  event: AnyEvent;
  attempt: number;
  /** In milliseconds of the `performance` clock. */
  at: number;
}

/** A handler that records what it gets, and then calls `act`. */
export function recorder(act: (seen: Seen, signal: AbortSignal) => unknown = () => undefined) {
  const seen: Seen[] = [];
  const handler = async (event: AnyEvent, { attempt, signal }: Delivery) => {
    const entry = { event, attempt, at: performance.now() };
    seen.push(entry);
    await act(entry, signal);
  };
  return { handler, seen, ids: () => seen.map(({ event }) => event.id) };
}

/** One handler for all event types of a queue of TOPOLOGY. */
export const forEveryType = <Q extends keyof typeof TOPOLOGY>(
  queue: Q,
  handler: EventHandler<never> | BatchHandler<never>,
) =>
  Object.fromEntries(TOPOLOGY[queue].map((type) => [type, handler])) as unknown as EventHandlers<
    (typeof TOPOLOGY)[Q][number]
  >;

const isOwnRow = ({ queue }: QueueDepth) => Object.hasOwn(TOPOLOGY, queue);

/** The depth of one queue. Retries that the bus counts for all queues together are added, so that none is missed. */
export async function depthOf(bus: Pick<EventBus, 'depths'>, queue: string): Promise<QueueDepth | undefined> {
  const depths = await bus.depths();
  const shared = depths.filter((row) => !isOwnRow(row)).reduce((sum, { pending }) => sum + pending, 0);
  const own = depths.find((row) => row.queue === queue);
  return own && { ...own, pending: own.pending + shared };
}

/** The queues whose events wait, are retried or handled. Fails unless the bus reports every queue. */
export async function busyQueues(bus: Pick<EventBus, 'depths'>): Promise<string[]> {
  const depths = await bus.depths();
  expect(
    depths
      .filter(isOwnRow)
      .map(({ queue }) => queue)
      .sort(),
  ).toEqual(Object.keys(TOPOLOGY).sort());
  return depths.filter(({ pending }) => pending > 0).map(({ queue }) => queue);
}

/**
 * Resolves when nothing more can come from these queues, without waiting for a while: what the consumers have been given has ended,
 * and the broker has nothing left for them. Closes the buses that have consumers.
 */
export async function nothingMoreFrom(
  queues: readonly string[],
  consumers: readonly TestBus[],
  createBus: Suite['bus'],
): Promise<void> {
  await Promise.all(consumers.map((bus) => bus.close()));
  const observing = await createBus(TOPOLOGY, { isBeside: true });
  for (const queue of queues) expect(await depthOf(observing, queue)).toMatchObject({ pending: 0 });
}

/** Fails when the work ends before another bus has connected and is ready. */
export async function hasNotEnded(work: Promise<void>, createBus: Suite['bus']): Promise<void> {
  let ended = false;
  void work.then(() => {
    ended = true;
  });
  await (await createBus(TOPOLOGY, { isBeside: true })).ready();
  expect(ended).toBe(false);
}

/** A gate that handlers wait at until it is opened. */
export function createGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
