import type { AnyEvent, Topology } from '@lazyphotos/contracts';
import { type Clock, type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss';
import {
  type BusObserver,
  type DeadLetter,
  defaultRetryPolicy,
  type EventBus,
  type RetryPolicy,
} from '../port.js';
import { createConsumers } from './consumers.js';
import { redeliverOrphans } from './orphans.js';
import { deadLetterQueue, declareQueues } from './queues.js';

export interface PgBossBusOptions {
  /** A PostgreSQL database of its own. */
  url: string;
  topology: Topology;
  /** What the server shows as the name of the connections. */
  name?: string;
  retry?: RetryPolicy;
  observer?: BusObserver;
  poolSize?: number;
  /**
   * True when this process is the only one on the bus. Events that a killed predecessor had in hand are then delivered again
   * at once, not after their heartbeat has run out.
   */
  exclusive?: boolean;
  /** A consumer that says nothing for this long is taken for dead, and its events are delivered again; at least 10. */
  heartbeatSeconds?: number;
  /** How long `close` waits for the handlers under way. */
  drainMs?: number;
  /** Seconds between two polls for events whose notification was missed; 30. */
  pollSeconds?: number;
  /** pg-boss's time, its timers included; the system's. */
  clock?: Clock;
}

const REDRIVE_BATCH = 1000;
const LOOK_AFTER_OURSELVES_SECONDS = 120;

/** The event bus on PostgreSQL, through pg-boss: one queue per consumer and event family, each with a dead-letter queue. */
export async function createPgBossBus(options: PgBossBusOptions): Promise<EventBus> {
  const { topology, observer = {}, retry = defaultRetryPolicy, exclusive = false } = options;
  const { heartbeatSeconds = 30, drainMs = 15_000, pollSeconds = 30 } = options;
  // Nobody else can die; an event is left in hand only when its end could not be stored.
  const boss = connect(options, exclusive ? LOOK_AFTER_OURSELVES_SECONDS : heartbeatSeconds);
  const consumers = createConsumers({ boss, retry, observer, pollSeconds });
  try {
    await boss.start();
    await declareQueues(boss, topology, retry, heartbeatSeconds);
    if (exclusive) await redeliverOrphans(boss, Object.keys(topology));
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => undefined);
    throw error;
  }

  return {
    publish: async (events) => {
      for (const [queue, jobs] of jobsByQueue(events, topology)) await boss.insert(queue, jobs);
    },
    consume: async (queue, handler, { concurrency }) => {
      if (!Object.hasOwn(topology, queue)) throw new Error(`no such queue: ${queue}`);
      await consumers.start(queue, handler, concurrency);
    },
    depths: () => readDepths(boss, topology),
    deadLetters: async (queue, limit) => {
      const jobs = await boss.findJobs<object>(deadLetterQueue(queue), { limit, queued: true });
      return jobs.map(toDeadLetter);
    },
    replayDeadLetters: async (queue) => {
      let replayed = 0;
      let moved: number;
      do {
        moved = await boss.redrive(deadLetterQueue(queue), { limit: REDRIVE_BATCH });
        replayed += moved;
      } while (moved === REDRIVE_BATCH);
      consumers.wake(queue);
      return replayed;
    },
    ready: async () => {
      await boss.getDb().executeSql('SELECT 1');
    },
    drain: () => consumers.drain(drainMs),
    close: async () => {
      consumers.stopWakes();
      // Ends the workers in this very moment: pg-boss has other things to end before it comes to them.
      const drained = consumers.drain(drainMs);
      await boss.stop({ graceful: true, close: true, timeout: drainMs });
      await drained;
    },
  };
}

function connect(options: PgBossBusOptions, superviseSeconds: number): PgBoss {
  const { url, name = 'lazyphotos-bus', poolSize = 4, observer = {}, clock } = options;
  const boss = new PgBoss({
    connectionString: url,
    application_name: name,
    max: poolSize,
    ...(clock && { clock }),
    useListenNotify: true,
    schedule: false,
    registerInstance: false,
    // Finds the events of consumers that died.
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    // Removes done events.
    maintenanceIntervalSeconds: 3600,
    // Job dependencies and index rebuilds, which nothing here needs soon.
    flowIntervalSeconds: 3600,
    bamIntervalSeconds: 600,
  });
  boss.on('error', (error) => observer.fault?.(error));
  return boss;
}

function jobsByQueue(events: readonly AnyEvent[], topology: Topology): Map<string, JobInsert<object>[]> {
  const byQueue = new Map<string, JobInsert<object>[]>();
  for (const [queue, types] of Object.entries(topology)) {
    const jobs = events.filter((event) => types.includes(event.type)).map((event) => ({ data: event }));
    if (jobs.length > 0) byQueue.set(queue, jobs);
  }
  return byQueue;
}

const toDeadLetter = (job: JobWithMetadata<object>): DeadLetter => ({
  event: job.data,
  reason: String((job.sourceOutput as { message?: unknown } | null)?.message ?? 'unknown'),
  failedAt: job.createdOn,
});

async function readDepths(boss: PgBoss, topology: Topology) {
  const { rows } = await boss
    .getDb()
    .executeSql(
      `SELECT name, count(*)::int AS count FROM pgboss.job WHERE state < 'completed' GROUP BY name`,
    );
  const counts = new Map(rows.map((row: { name: string; count: number }) => [row.name, row.count]));
  return Object.keys(topology).map((queue) => ({
    queue,
    pending: counts.get(queue) ?? 0,
    deadLetters: counts.get(deadLetterQueue(queue)) ?? 0,
  }));
}
