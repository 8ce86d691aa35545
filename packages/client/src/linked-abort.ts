/**
 * A controller that aborts with its parent. Unlike AbortSignal.any it leaves nothing behind on the parent, which may live
 * through hundreds of thousands of requests.
 */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the parent. */
  unlink(): void;
}

export function linkedAbort(parent: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent?.reason);
  if (parent?.aborted) onAbort();
  else parent?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => parent?.removeEventListener('abort', onAbort),
  };
}

/** Calls `onIdle` once when nobody has called `touch` for `ms`. */
export function createWatchdog(ms: number, onIdle: () => void) {
  const timer = setTimeout(onIdle, ms);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
