/**
 * Decides when events that are committed in quick succession are published: each publication costs the bus and its consumers about as much as
 * one of a whole batch. An event that comes alone does not wait, nor does a second one, such as the media result of a single photo; those
 * that go on coming gather until `ms` milliseconds have passed since the last publication.
 */
export class Gathering {
  readonly #ms: number;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Whether the last publication came soon after the one before, or had several events. */
  #areMany = false;
  #end: (() => void) | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Resolves when what has gathered may be published. */
  async wait(): Promise<void> {
    const ms = this.#lastAt + this.#ms - performance.now();
    if (!this.#areMany || ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#end = resolve;
    await promise;
    this.#end = undefined;
    clearTimeout(timer);
  }

  /** Ends a wait at once. */
  end(): void {
    this.#end?.();
  }

  /** Called at each publication. */
  published(events: number): void {
    const now = performance.now();
    this.#areMany = events > 1 || now - this.#lastAt < this.#ms;
    this.#lastAt = now;
  }
}
