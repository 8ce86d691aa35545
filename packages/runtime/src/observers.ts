import type { BusObserver } from '@lazyphotos/messaging';
import { describeError, type Logger, type Metrics } from '@lazyphotos/service-kit';

/** Reports the outcomes of deliveries to metrics and logs; for the bus adapter of a process. */
export function busObserver(metrics: Metrics, logger: Logger): BusObserver {
  return {
    settled: (queue, type, outcome, error) => {
      metrics.eventsHandled.inc({ queue, type, outcome });
      if (outcome === 'retried')
        logger.warn('an event will be delivered again', { queue, type, error: describeError(error) });
      if (outcome === 'dead_lettered')
        logger.error('an event is a dead letter', { queue, type, error: describeError(error) });
    },
    fault: (error) => logger.warn('event bus fault', { error: describeError(error) }),
  };
}

/** Reports idle connections that break; for a service's database. */
export const onIdleError =
  (logger: Logger) =>
  (error: Error): void =>
    logger.warn('a database connection broke', { error: describeError(error) });
