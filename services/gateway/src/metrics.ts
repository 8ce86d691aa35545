import { Counter, Gauge, type Metrics } from '@lazyphotos/service-kit';
import type { CacheOutcome } from './media/preview-cache.js';

export class GatewayMetrics {
  readonly #registers: Metrics['registry'][];
  readonly #lookups: Counter<'outcome'>;

  constructor({ registry }: Metrics) {
    this.#registers = [registry];
    this.#lookups = new Counter({
      name: 'lazyphotos_preview_cache_lookups_total',
      help: 'Looks for a preview in memory by outcome: hit, miss, or stale (replaced or deleted since it was read)',
      labelNames: ['outcome'],
      registers: this.#registers,
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
