import type { Store } from './harness.js';

export interface Watched {
  /** Keys that were put, in order. */
  puts: string[];
  /** How often an original was opened, which is once for each decode. */
  reads: number;
  /** Called before a put is made; may wait, or throw. */
  beforePut: (key: string) => Promise<void>;
  /** Called before an original is opened. */
  beforeRead: (key: string) => Promise<void>;
  wrap: (real: Store) => Partial<Store>;
}

/** Sees what a worker does with its store, and can come in between. */
export function watchedStore(): Watched {
  const watched: Watched = {
    puts: [],
    reads: 0,
    beforePut: async () => undefined,
    beforeRead: async () => undefined,
    wrap: (real) => ({
      localPath: async (key) => {
        watched.reads += 1;
        await watched.beforeRead(key);
        return real.localPath(key);
      },
      put: async (key, body, attributes, options) => {
        await watched.beforePut(key);
        watched.puts.push(key);
        return real.put(key, body, attributes, options);
      },
    }),
  };
  return watched;
}
