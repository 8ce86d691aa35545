import { Counter, Histogram, type Metrics } from '@lazyphotos/service-kit';

export function createMediaMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    processed: new Counter({
      name: 'lazyphotos_media_processed_total',
      help: 'Processed photos by outcome: ready, or the code of the failure',
      labelNames: ['outcome'],
      registers,
    }),
    duration: new Histogram({
      name: 'lazyphotos_media_processing_duration_seconds',
      help: 'Time to read a photo, make its previews and store them',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    copies: new Counter({
      name: 'lazyphotos_media_copies_total',
      help: 'Requests for copies with other metadata, by kind and outcome: made, reused, original (needs no copy), refused or failed',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
  };
}
export type MediaMetrics = ReturnType<typeof createMediaMetrics>;
