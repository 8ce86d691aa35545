import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface SlowPhotos {
  /** A photo that takes this long is slow. A Raspberry Pi takes less for any photo of a phone. */
  seconds: number;
  /** How long the slow photos of a user may take together in an hour. */
  secondsPerHour: number;
}

const DEFAULTS: SlowPhotos = { seconds: 30, secondsPerHour: 60 };
const HOUR_SECONDS = 3600;

/**
 * Finds the users whose photos take very long. Otherwise a hundred files that are made to take until their time limit would keep the
 * photos of everybody waiting for hours.
 */
export class SlowUsers {
  readonly #limits: SlowPhotos;
  readonly #spent: RateLimiterMemory;

  constructor(limits = DEFAULTS) {
    this.#limits = limits;
    this.#spent = new RateLimiterMemory({ points: limits.secondsPerHour, duration: HOUR_SECONDS });
  }

  /** Runs `work` on a photo of the user, and remembers how long it took if that was long. */
  async run(userId: string, work: () => Promise<void>): Promise<void> {
    const from = performance.now();
    try {
      await work();
    } finally {
      const seconds = (performance.now() - from) / 1000;
      if (seconds >= this.#limits.seconds) await this.#spent.penalty(userId, Math.ceil(seconds));
    }
  }

  /** Resolves to whether the slow photos of the user have taken all the time that they may take in an hour. */
  async has(userId: string): Promise<boolean> {
    const spent = await this.#spent.get(userId);
    return (spent?.consumedPoints ?? 0) >= this.#limits.secondsPerHour;
  }
}
