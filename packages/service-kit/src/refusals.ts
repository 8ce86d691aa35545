import { type EventType, topology } from '@lazyphotos/contracts';
import type { Chassis } from './http/app.js';

/**
 * Reports an event that its consumer drops, because what it names is not the user's whom it names. No service publishes such an event: it
 * is forged, or a service has a fault. It is not delivered again, since it would be refused each time.
 */
export type RefuseEvent = (type: EventType, reason: string, ids: Readonly<Record<string, string>>) => void;

/**
 * Returns the function with which a service reports refused events to its metrics and its log. The counters of all types that it consumes
 * begin at 0, so that the first refused event is an increase.
 */
export function createRefusals({ name, metrics, logger }: Chassis): RefuseEvent {
  for (const [queue, types] of Object.entries(topology))
    if (queue.startsWith(`${name}.`))
      for (const type of types) metrics.eventsRefused.inc({ service: name, type }, 0);
  return (type, reason, ids) => {
    metrics.eventsRefused.inc({ service: name, type });
    logger.error('an event was refused', { type, reason, ...ids });
  };
}
