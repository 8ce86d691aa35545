import { type AnyEvent, parseEvent, type Topology } from '@lazyphotos/contracts';
import { type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss';
import {
  type BusObserver,
  type DeadLetter,
  defaultRetryPolicy,
  type EventBus,
  type EventHandler,
  type RetryPolicy,
} from '../port.js';
import { declareQueues, deadLetterQueue } from './queues.js';

export interface PgBossBusOptions {
  /** A PostgreSQL database of its own. */
  url: string;
  topology: Topology;
  retry?: RetryPolicy;
  observer?: BusObserver;
  poolSize?: number;
  /**
   * True when this process is the only one on the bus. Events that a killed predecessor had in hand are then delivered again
   * at once, not after their heartbeat has run out.
   */
  exclusive?: boolean;
}

const HEARTBEAT_SECONDS = 30;
/** Events wake their consumers (LISTEN/NOTIFY); polling is only the net below. */
const POLL_SECONDS = 2;
const POLL_SECONDS_WHILE_NOTIFIED = 30;
const DRAIN_MS = 15_000;

const errorText = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** The event bus on PostgreSQL, through pg-boss: one queue per consumer and event family, each with a dead-letter queue. */
export async function createPgBossBus(options: PgBossBusOptions): Promise<EventBus> {
  const { url, topology, observer = {}, retry = defaultRetryPolicy, poolSize = 4, exclusive = false } = options;
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'lazyphotos-bus',
    max: poolSize,
    useListenNotify: true,
    schedule: false,
    monitorIntervalSeconds: 30,
    registerInstance: false,
  });
  boss.on('error', (error) => observer.fault?.(error));
  await boss.start();
  await declareQueues(boss, topology, retry, HEARTBEAT_SECONDS);
  if (exclusive) await redeliverOrphans(boss, Object.keys(topology));

  const shutdown = new AbortController();

  const settle = async (queue: string, handler: EventHandler, job: JobWithMetadata<object>) => {
    const type = String((job.data as { type?: unknown }).type);
    try {
      const signal = AbortSignal.any([job.signal, shutdown.signal]);
      await handler(parseEvent(job.data), { attempt: job.retryCount + 1, signal });
      observer.settled?.(queue, type, 'done');
    } catch (error) {
      const last = job.retryCount >= job.retryLimit;
      observer.settled?.(queue, type, last ? 'dead_lettered' : 'retried', error);
      // pg-boss keeps the message of what is thrown as the job's output: the dead letter's reason.
      throw new Error(errorText(error), { cause: error });
    }
  };

  return {
    publish: async (events) => {
      for (const [queue, jobs] of jobsByQueue(events, topology)) await boss.insert(queue, jobs);
    },
    consume: async (queue, handler, { concurrency }) => {
      if (!(queue in topology)) throw new Error(`no such queue: ${queue}`);
      await boss.work(
        queue,
        {
          localConcurrency: concurrency,
          batchSize: 1,
          includeMetadata: true,
          pollingIntervalSeconds: POLL_SECONDS,
          notifyPollingIntervalSeconds: POLL_SECONDS_WHILE_NOTIFIED,
          burstWhenBatchFull: true,
        },
        async ([job]: JobWithMetadata<object>[]) => {
          if (job) await settle(queue, handler, job);
        },
      );
    },
    depths: () => readDepths(boss, topology),
    deadLetters: async (queue, limit) => {
      const jobs = await boss.findJobs<object>(deadLetterQueue(queue), { limit, queued: true });
      return jobs.map(toDeadLetter);
    },
    replayDeadLetters: (queue) => boss.redrive(deadLetterQueue(queue)),
    ready: async () => {
      await boss.getDb().executeSql('SELECT 1');
    },
    close: async () => {
      await boss.stop({ graceful: true, close: true, timeout: DRAIN_MS });
      shutdown.abort(new Error('the bus has closed'));
    },
  };
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
    .executeSql(`SELECT name, count(*)::int AS count FROM pgboss.job WHERE state < 'completed' GROUP BY name`);
  const counts = new Map(rows.map((row: { name: string; count: number }) => [row.name, row.count]));
  return Object.keys(topology).map((queue) => ({
    queue,
    pending: counts.get(queue) ?? 0,
    deadLetters: counts.get(deadLetterQueue(queue)) ?? 0,
  }));
}

/** A job in hand of a process that no longer exists goes back to the start of its queue; the try does not count. */
async function redeliverOrphans(boss: PgBoss, queues: string[]): Promise<void> {
  await boss
    .getDb()
    .executeSql(`UPDATE pgboss.job SET state = 'retry', start_after = now() WHERE state = 'active' AND name = ANY($1)`, [
      queues,
    ]);
}
