import type { AnyEvent } from '@lazyphotos/contracts';

/** An event that failed so often in an outage is handed to its handler alone from then on. */
const FAILURES_TOGETHER = 3;
/** So often an event may fail in what looks like an outage although other events of its type succeeded in between. */
const BELIEVED_FAILURES = 10;
/** More events are not remembered; those that failed first are forgotten. */
const MAX_EVENTS = 10_000;

interface Postponement {
  failures: number;
  /** The failures before which another event of the type had succeeded since the failure before. */
  doubts: number;
  /** The successes of the type at the last failure. */
  successes: number;
}

/**
 * What one queue's consumer remembers about events that an outage made fail. The event itself can be the cause of what looks like an outage,
 * for example a statement that ends the database's process. Such an event must neither keep a batch of others from being handled nor come
 * again without end. In a true outage no event of the type succeeds, so no failure counts, however long it lasts.
 */
export class Postponements {
  readonly #events = new Map<string, Postponement>();
  /** By event type: handlers of other types may not need what is away. */
  readonly #successes = new Map<string, number>();

  /** Whether the event must not share its handler's call with others. */
  mustBeAlone({ id }: AnyEvent): boolean {
    return (this.#events.get(id)?.failures ?? 0) >= FAILURES_TOGETHER;
  }

  succeeded({ id, type }: AnyEvent): void {
    this.#events.delete(id);
    this.#successes.set(type, this.#successesOf(type) + 1);
  }

  /** Notes a failure that looks like an outage. Returns whether to treat it as one. */
  failed({ id, type }: AnyEvent): boolean {
    const successes = this.#successesOf(type);
    const before = this.#events.get(id) ?? { failures: 0, doubts: 0, successes };
    const isDoubtful = successes > before.successes;
    const doubts = before.doubts + (isDoubtful ? 1 : 0);
    this.#events.set(id, { failures: before.failures + 1, doubts, successes });
    for (const oldest of this.#events.keys()) {
      if (this.#events.size <= MAX_EVENTS) break;
      this.#events.delete(oldest);
    }
    return !(isDoubtful && doubts >= BELIEVED_FAILURES);
  }

  forget({ id }: AnyEvent): void {
    this.#events.delete(id);
  }

  #successesOf(type: string): number {
    return this.#successes.get(type) ?? 0;
  }
}
