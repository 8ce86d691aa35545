import type { AnyEvent, Topology, topology } from '@lazyphotos/contracts';
import { type Clock, type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss';
import { known, QueueHandlers } from '../handlers.js';
import { type BusOptions, DEFAULT_RETRY_POLICY, type DeadLetter, type EventBus } from '../port.js';
import { Consumers } from './consumers.js';
import { deadLetterQueue, declareQueues, redeliverOrphans } from './queues.js';

export interface PgBossBusOptions<T extends Topology = typeof topology> extends BusOptions<T> {
  poolSize?: number;
  /**
   * True when this process is the only one on the bus. Events that a killed predecessor was handling are then delivered again
   * at once, not after their heartbeat has expired.
   */
  exclusive?: boolean;
  /** A consumer without a heartbeat for this long counts as dead, and its events are delivered again; at least 10. */
  heartbeatSeconds?: number;
  /** Seconds between two polls for events whose notification was missed; 30. */
  pollSeconds?: number;
  /** pg-boss's time, its timers included; the system's. */
  clock?: Clock;
}

const REDRIVE_BATCH = 1000;
const SUPERVISE_OWN_SECONDS = 120;

/** The event bus on PostgreSQL, through pg-boss: one queue per consumer and event family, each with a dead-letter queue. */
export async function createPgBossBus<T extends Topology>(
  options: PgBossBusOptions<T>,
): Promise<EventBus<T>> {
  const { topology, observer = {}, retry = DEFAULT_RETRY_POLICY, exclusive = false } = options;
  const { heartbeatSeconds = 30, drainMs = 15_000, pollSeconds = 30 } = options;
  // No other process can die; an event stays active only when its end could not be stored.
  const boss = connect(options, exclusive ? SUPERVISE_OWN_SECONDS : heartbeatSeconds);
  const consumers = new Consumers({ boss, retry, observer, pollSeconds });
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
    consume: async (queue, handlers, { concurrency, around }) => {
      await consumers.start(queue, new QueueHandlers(topology, queue, handlers, around), concurrency);
    },
    depths: () => readDepths(boss, topology),
    deadLetters: async (queue, limit) => {
      const jobs = await boss.findJobs<object>(deadLetterQueue(known(topology, queue)), {
        limit,
        queued: true,
      });
      return jobs.map(toDeadLetter);
    },
    replayDeadLetters: async (queue) => {
      const letters = deadLetterQueue(known(topology, queue));
      let replayed = 0;
      let moved: number;
      do {
        moved = await boss.redrive(letters, { limit: REDRIVE_BATCH });
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
      // Stops the workers now: pg-boss stops other things first.
      const drained = consumers.drain(drainMs);
      await boss.stop({ graceful: true, close: true, timeout: drainMs });
      await drained;
    },
  };
}

function connect(options: PgBossBusOptions<Topology>, superviseSeconds: number): PgBoss {
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
