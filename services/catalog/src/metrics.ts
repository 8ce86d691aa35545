import { Counter, Gauge, Histogram, type Metrics } from '@lazyphotos/service-kit';

export class CatalogMetrics {
  readonly edits: Counter<'outcome'>;
  readonly described: Counter<'outcome'>;
  readonly purged: Counter<'reason'>;
  readonly searchDuration: Histogram<'kind'>;
  readonly searchUnfilled: Gauge;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.edits = new Counter({
      name: 'lazyphotos_metadata_edits_total',
      help: 'Edited fields by outcome: applied, or dropped because the edit was repeated or a newer one is there',
      labelNames: ['outcome'],
      registers,
    });
    this.described = new Counter({
      name: 'lazyphotos_imported_photos_described_total',
      help: 'Photos that imports told facts of, by outcome: changed, unchanged, purged, or unknown (not heard of yet)',
      labelNames: ['outcome'],
      registers,
    });
    this.purged = new Counter({
      name: 'lazyphotos_photos_purged_total',
      help: 'Photos purged, by reason: deleted (by their owner, one by one or in a batch), emptied (with the trash), expired',
      labelNames: ['reason'],
      registers,
    });
    this.searchDuration = new Histogram({
      name: 'lazyphotos_search_duration_seconds',
      help: 'Time of a search, by what selects the photos: words, place, words_place or filters',
      labelNames: ['kind'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.searchUnfilled = new Gauge({
      name: 'lazyphotos_search_unfilled',
      help: 'Photos whose words are not searchable yet, at the last look; counted up to 100000',
      registers,
    });
  }
}
