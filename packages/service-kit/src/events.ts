import type { AnyEvent } from '@lazyphotos/contracts';
import { withRequestId } from './context.js';
import type { Chassis } from './http/app.js';
import { describeError, type Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/**
 * Handles an event under the id of the request that caused it, so that it can be followed through the logs of every service. For the
 * `around` of a consumer.
 */
export const withEvent =
  (logger: Logger) =>
  (event: AnyEvent, handle: () => Promise<void>): Promise<void> =>
    withRequestId(event.requestId ?? event.id, async () => {
      await handle();
      logger.info('event handled', { type: event.type, eventId: event.id });
    });

/** Reports what an outbox relay does to the service's metrics and logs. */
export function relayObserver({ name, metrics, logger }: Chassis) {
  return {
    onPublished: (count: number) => metrics.eventsPublished.inc({ service: name }, count),
    onPending: (count: number) => metrics.outboxPending.set({ service: name }, count),
    onError: (error: unknown) =>
      logger.warn('the outbox relay will try again', { error: describeError(error) }),
  };
}

/** Reports what becomes of deliveries to metrics and logs; for the bus adapter of a process. */
export function busObserver(metrics: Metrics, logger: Logger) {
  return {
    settled: (
      queue: string,
      type: string,
      outcome: 'done' | 'retried' | 'dead_lettered',
      error?: unknown,
    ) => {
      metrics.eventsHandled.inc({ queue, type, outcome });
      if (outcome === 'retried')
        logger.warn('an event will be delivered again', { queue, type, error: describeError(error) });
      if (outcome === 'dead_lettered')
        logger.error('an event is a dead letter', { queue, type, error: describeError(error) });
    },
    fault: (error: unknown) => logger.warn('event bus fault', { error: describeError(error) }),
  };
}

/** Reports connections that break while nobody uses them; for a service's database. */
export const onIdleError =
  (logger: Logger) =>
  (error: Error): void =>
    logger.warn('a database connection broke', { error: describeError(error) });
