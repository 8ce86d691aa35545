export type KeyedLock = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Runs the work for one key one at a time, in order of arrival; different keys do not wait for each other. */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
}
