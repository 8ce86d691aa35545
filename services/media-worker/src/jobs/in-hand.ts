/** The work under way in this process, by what it is about. */
export interface InHand {
  /** Runs `work`, or joins what is under way for the same key: an event that is delivered twice at once is handled once. */
  run(key: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing is under way; what that came to is told to whoever ran it. */
  settled(): Promise<void>;
}

export function createInHand(): InHand {
  const underWay = new Map<string, Promise<void>>();
  return {
    run: (key, work) => {
      const known = underWay.get(key);
      if (known) return known;
      const running = work().finally(() => underWay.delete(key));
      underWay.set(key, running);
      return running;
    },
    settled: async () => {
      await Promise.allSettled(underWay.values());
    },
  };
}
