import type { ServerResponse } from 'node:http';
import { ProblemError } from '@lazyphotos/service-kit';
import pLimit, { type LimitFunction } from 'p-limit';

/** Of all slots, the part that one client may hold: one over this. */
const SHARE = 4;
/** How many requests of a client may wait for each slot that it may hold, unless the owner of the slots says how many. */
const WAITING_PER_SLOT = 4;
const RETRY_AFTER = { headers: { 'Retry-After': '5' } };

/** What a request could not get in time: a slot of its client's share, or any slot at all. */
export type Refusal = 'client' | 'total';

export interface SlotOptions {
  /** How many slots there are. */
  total: number;
  /** How long a request waits for a slot. */
  waitMs: number;
  /** How many requests of a client may wait; one more is refused at once. */
  maxWaiting?: number | undefined;
  onRefused(reason: Refusal, client: string): void;
}

/**
 * A limited resource that requests hold until their response has ended. No client holds more than a quarter of it, so that one client
 * cannot keep it from the others. A request waits first for a slot of its client's share, then for one of all, in order of arrival.
 */
export class FairSlots {
  readonly #options: SlotOptions;
  readonly #all: LimitFunction;
  /** The shares of the clients that hold a slot or wait for one. */
  readonly #shares = new Map<string, { limit: LimitFunction; requests: number }>();
  readonly #perClient: number;
  readonly #maxWaiting: number;
  #waiting = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#all = pLimit(options.total);
    this.#perClient = Math.max(1, Math.floor(options.total / SHARE));
    this.#maxWaiting = options.maxWaiting ?? this.#perClient * WAITING_PER_SLOT;
  }

  /** How many requests hold a slot. */
  get held(): number {
    return this.#all.activeCount;
  }

  /** How many requests wait for a slot. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Resolves to true when the request has a slot, which it holds until its response is closed; to false if the client has gone meanwhile.
   * @throws ProblemError `rate_limited` if the client's own requests are in the way, `service_unavailable` if those of all are
   */
  async hold(client: string, res: ServerResponse): Promise<boolean> {
    const share = this.#shareOf(client);
    if (share.limit.pendingCount >= this.#maxWaiting) throw this.#refuse('client', client);
    share.requests += 1;
    this.#waiting += 1;
    try {
      return await this.#wait(client, share.limit, res, () => this.#forget(client));
    } finally {
      this.#waiting -= 1;
    }
  }

  #wait(client: string, share: LimitFunction, res: ServerResponse, onEnd: () => void): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let waitsFor: Refusal | undefined = 'client';
      const settle = (outcome: () => void) => {
        if (waitsFor === undefined) return;
        clearTimeout(timer);
        outcome();
        waitsFor = undefined;
      };
      const giveUp = () => settle(() => reject(this.#refuse(waitsFor ?? 'total', client)));
      const timer = setTimeout(giveUp, this.#options.waitMs);
      const closed = new Promise<void>((end) => {
        if (res.closed || res.destroyed) end();
        else res.once('close', end);
      });
      void closed.then(() => settle(() => resolve(false)));
      const hold = () => {
        if (waitsFor === undefined) return undefined;
        settle(() => resolve(true));
        return closed;
      };
      void share(() => {
        if (waitsFor === undefined) return undefined;
        waitsFor = 'total';
        return this.#all(hold);
      }).finally(onEnd);
    });
  }

  #shareOf(client: string) {
    const share = this.#shares.get(client) ?? { limit: pLimit(this.#perClient), requests: 0 };
    this.#shares.set(client, share);
    return share;
  }

  #forget(client: string): void {
    const share = this.#shares.get(client);
    if (!share) return;
    share.requests -= 1;
    if (share.requests === 0) this.#shares.delete(client);
  }

  #refuse(reason: Refusal, client: string): ProblemError {
    this.#options.onRefused(reason, client);
    return reason === 'client'
      ? new ProblemError('rate_limited', 'You have too many requests under way.', RETRY_AFTER)
      : new ProblemError('service_unavailable', 'Too many requests are under way.', RETRY_AFTER);
  }
}
