import { Counter, type Metrics } from '@lazyphotos/service-kit';

export function createCatalogMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    edits: new Counter({
      name: 'lazyphotos_metadata_edits_total',
      help: 'Edited fields by outcome: applied, or dropped because the edit was repeated or a newer one is there',
      labelNames: ['outcome'],
      registers,
    }),
    described: new Counter({
      name: 'lazyphotos_imported_photos_described_total',
      help: 'Photos that imports told facts of, by outcome: changed, unchanged, purged, or unknown (not heard of yet)',
      labelNames: ['outcome'],
      registers,
    }),
    purged: new Counter({
      name: 'lazyphotos_photos_purged_total',
      help: 'Photos removed for good by reason: deleted (by their owner, one by one or in a batch), emptied (with the trash), expired',
      labelNames: ['reason'],
      registers,
    }),
  };
}
export type CatalogMetrics = ReturnType<typeof createCatalogMetrics>;
