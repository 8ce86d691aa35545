import { Counter, Gauge, type Metrics } from '@lazyphotos/service-kit';
import type { CacheOutcome } from './media/preview-cache.js';
import type { FairSlots } from './traffic/fair-slots.js';

export class GatewayMetrics {
  readonly #registers: Metrics['registry'][];
  readonly #lookups: Counter<'outcome'>;
  readonly refused: Counter<'what' | 'reason'>;
  readonly #slots = new Map<string, FairSlots>();

  constructor({ registry }: Metrics) {
    this.#registers = [registry];
    this.#lookups = new Counter({
      name: 'lazyphotos_preview_cache_lookups_total',
      help: 'Looks for a preview in memory by outcome: hit, miss, or stale (replaced or deleted since it was read)',
      labelNames: ['outcome'],
      registers: this.#registers,
    });
    this.refused = new Counter({
      name: 'lazyphotos_gateway_refused_total',
      help: 'Requests that waited in vain for a place, by what they waited for, and by reason: client (their own share was used up) or total',
      labelNames: ['what', 'reason'],
      registers: this.#registers,
    });
    this.#countSlots(this.#slots);
  }

  /** The numbers of requests that hold a slot or wait for one are read when the metrics are. */
  watchSlots(what: string, slots: FairSlots): void {
    this.#slots.set(what, slots);
  }

  #countSlots(all: ReadonlyMap<string, FairSlots>): void {
    new Gauge({
      name: 'lazyphotos_gateway_in_flight',
      help: 'Requests that hold a place: bodies that come in, connections to services, pictures that go out',
      labelNames: ['what'],
      registers: this.#registers,
      collect() {
        for (const [what, { held }] of all) this.set({ what }, held);
      },
    });
    new Gauge({
      name: 'lazyphotos_gateway_waiting',
      help: 'Requests that wait for a place',
      labelNames: ['what'],
      registers: this.#registers,
      collect() {
        for (const [what, { waiting }] of all) this.set({ what }, waiting);
      },
    });
  }

  /** Returns a function that counts a look into the cache of previews. */
  previewLookups(): (outcome: CacheOutcome) => void {
    const counters = {
      hit: this.#lookups.labels('hit'),
      miss: this.#lookups.labels('miss'),
      stale: this.#lookups.labels('stale'),
    };
    return (outcome) => counters[outcome].inc();
  }

  /** `bytes` is called when the metrics are read. */
  watchPreviewCache(bytes: () => number): void {
    new Gauge({
      name: 'lazyphotos_preview_cache_bytes',
      help: 'Memory that the cache of previews takes',
      registers: this.#registers,
      collect() {
        this.set(bytes());
      },
    });
  }
}
