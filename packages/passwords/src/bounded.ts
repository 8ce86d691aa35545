import { ProblemError } from '@lazyphotos/service-kit';

export interface Bounds {
  /** How many may run at a time. */
  running: number;
  /** How many may wait for their turn. */
  waiting: number;
}

/** Limits how much runs at a time, first come, first served. @throws ProblemError `service_unavailable` when too many wait */
export function createBound({ running, waiting }: Bounds) {
  const queue: (() => void)[] = [];
  let free = running;
  const enter = async (): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    if (queue.length >= waiting) {
      throw new ProblemError('service_unavailable', 'Too many passwords are being checked.', {
        headers: { 'Retry-After': '5' },
      });
    }
    // Whoever leaves hands the place over, so that nobody can slip in between.
    await new Promise<void>((resolve) => queue.push(resolve));
  };
  const leave = (): void => {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
