import { Counter, type Metrics } from '@lazyphotos/service-kit';

export function createImportMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    ended: new Counter({
      name: 'lazyphotos_imports_total',
      help: 'Imports that ended by themselves, by status: completed or failed',
      labelNames: ['status'],
      registers,
    }),
    entries: new Counter({
      name: 'lazyphotos_import_entries_total',
      help: 'Files of archives by what became of them: imported, duplicate, failed, unsupported or ignored',
      labelNames: ['outcome'],
      registers,
    }),
    bytes: new Counter({
      name: 'lazyphotos_import_bytes_total',
      help: 'Unpacked bytes of the photos that imports have handled',
      registers,
    }),
  };
}
export type ImportMetrics = ReturnType<typeof createImportMetrics>;
