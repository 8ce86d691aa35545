import type { EventOf, EventType } from '@lazyphotos/contracts';
import type { BatchHandler, EventResult } from './port.js';

/**
 * Makes a batch handler of a function that handles all events of a batch or none. When a batch fails, its events are handled one by one,
 * so that those beside the cause are done at once and only the cause is delivered again. In an outage none of them would succeed.
 */
export function inBatches<T extends EventType>(
  batch: number,
  handleAll: (events: readonly EventOf<T>[]) => Promise<void>,
): BatchHandler<T> {
  const resultOf = (events: readonly EventOf<T>[]): Promise<EventResult> =>
    handleAll(events).then(
      () => 'done' as const,
      (error: unknown) => ({ error }),
    );
  return {
    batch,
    handle: async (deliveries, isOutage) => {
      const events = deliveries.map(({ event }) => event);
      const together = await resultOf(events);
      if (together === 'done' || events.length === 1 || isOutage(together.error))
        return events.map(() => together);
      const results: EventResult[] = [];
      for (const event of events) results.push(await resultOf([event]));
      return results;
    },
  };
}
