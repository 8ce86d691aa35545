import { Gauge, Histogram, type Metrics } from '@lazyphotos/service-kit';

export interface SearchMetrics {
  duration: Histogram<'kind'>;
  unfilled: Gauge;
}

export function createSearchMetrics({ registry }: Metrics): SearchMetrics {
  const registers = [registry];
  return {
    duration: new Histogram({
      name: 'lazyphotos_search_duration_seconds',
      help: 'Time of a search, by what selects the photos: words, place, words_place or filters',
      labelNames: ['kind'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    unfilled: new Gauge({
      name: 'lazyphotos_search_unfilled',
      help: 'Photos whose words are not searchable yet, at the last look; counted up to 100000',
      registers,
    }),
  };
}
