import { AsyncResource } from 'node:async_hooks';
import AsyncLock from 'async-lock';

/** In this process, runs one piece of work at a time for each key, in the order of the calls. */
export class KeyedLock {
  // Its default limit of 1000 waiters per key would refuse work.
  readonly #lock = new AsyncLock({ maxPending: Number.POSITIVE_INFINITY });

  /** Work that waits keeps the AsyncLocalStorage of its caller; async-lock alone gives it that of the work before it. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#lock.acquire(key, AsyncResource.bind(work));
  }
}
