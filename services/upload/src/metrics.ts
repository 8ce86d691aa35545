import { Counter, type Metrics } from '@lazyphotos/service-kit';

export class UploadMetrics {
  readonly bytes: Counter;
  readonly outcomes: Counter;
  readonly importsEnded: Counter;
  readonly importedEntries: Counter;
  readonly importedBytes: Counter;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.bytes = new Counter({
      name: 'lazyphotos_upload_bytes_total',
      help: 'Chunk bytes received',
      registers,
    });
    this.outcomes = new Counter({
      name: 'lazyphotos_uploads_total',
      help: 'Uploads by outcome: ok, duplicate, hash_mismatch, unsupported_media_type or malware_found',
      labelNames: ['outcome'],
      registers,
    });
    this.importsEnded = new Counter({
      name: 'lazyphotos_imports_total',
      help: 'Imports that ended by themselves, by status: completed or failed',
      labelNames: ['status'],
      registers,
    });
    this.importedEntries = new Counter({
      name: 'lazyphotos_import_entries_total',
      help: 'Files of archives by what became of them: imported, duplicate, failed, unsupported or ignored',
      labelNames: ['outcome'],
      registers,
    });
    this.importedBytes = new Counter({
      name: 'lazyphotos_import_bytes_total',
      help: 'Unpacked bytes of the photos that imports have handled',
      registers,
    });
  }
}
