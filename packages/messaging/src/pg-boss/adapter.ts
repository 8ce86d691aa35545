import type { Topology, topology } from '@lazyphotos/contracts';
import { type Clock, type JobWithMetadata, PgBoss, systemClock } from 'pg-boss';
import { known, QueueHandlers } from '../handlers.js';
import { type BusOptions, DEFAULT_RETRY_POLICY, type DeadLetter, type EventBus } from '../port.js';
import type { Consumers } from './consumers.js';
import { ExclusiveConsumers } from './exclusive.js';
import { jobsOf } from './jobs.js';
import { PreparedStatements } from './prepared.js';
import { deadLetterQueue, declareQueues, redeliverOrphans } from './queues.js';
import { WorkerConsumers } from './workers.js';

export interface PgBossBusOptions<T extends Topology = typeof topology> extends BusOptions<T> {
  poolSize?: number;
  /**
   * True when this process is the only one on the bus. What it publishes is then handed to its handlers without being fetched, and events
   * that a killed predecessor was handling are delivered again at once, not after their heartbeat has expired.
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
  const { heartbeatSeconds = 30, drainMs = 15_000, pollSeconds = 30, clock = systemClock } = options;
  // No other process can die; an event stays active only when its end could not be stored.
  const { boss, disconnect } = connect(options, exclusive ? SUPERVISE_OWN_SECONDS : heartbeatSeconds);
  try {
    await boss.start();
    await declareQueues(boss, topology, retry, heartbeatSeconds);
    if (exclusive) await redeliverOrphans(boss, Object.keys(topology));
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => undefined);
    await disconnect();
    throw error;
  }
  const consumersOptions = { boss, retry, observer, pollSeconds, heartbeatSeconds, clock };
  const consumers: Consumers = exclusive
    ? new ExclusiveConsumers(consumersOptions)
    : new WorkerConsumers(consumersOptions);

  return {
    publish: async (events) => {
      const jobs = jobsOf(events, topology);
      if (jobs.length > 0) await consumers.publish(jobs);
    },
    consume: async (queue, handlers, { concurrency, ...options }) => {
      const queueHandlers = new QueueHandlers(topology, queue, handlers, retry, options);
      await consumers.start(queue, queueHandlers, concurrency);
    },
    depths: async () => {
      await consumers.settled();
      return readDepths(boss, topology);
    },
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
      await consumers.close(drainMs);
      await disconnect();
    },
  };
}

interface Connected {
  boss: PgBoss;
  /** To be called after `boss.stop`. */
  disconnect(): Promise<void>;
}

function connect(options: PgBossBusOptions<Topology>, superviseSeconds: number): Connected {
  const { url, name = 'lazyphotos-bus', poolSize = 4, observer = {}, clock, exclusive } = options;
  const connection = { connectionString: url, application_name: name, max: poolSize };
  // One process announces nothing to itself, so it needs none of pg-boss's own connections.
  const db = exclusive ? new PreparedStatements(connection, (error) => observer.fault?.(error)) : undefined;
  const boss = new PgBoss({
    ...(db ? { db } : { ...connection, useListenNotify: true }),
    ...(clock && { clock }),
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
  return { boss, disconnect: async () => db?.close() };
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
