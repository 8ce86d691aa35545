import type { Room } from '@lazyphotos/object-storage';
import { Counter, Gauge, type Metrics } from '@lazyphotos/service-kit';

/** Where an upload was refused because the disk is nearly full. */
export type RefusedStep = 'session' | 'chunk' | 'import';

export class UploadMetrics {
  readonly bytes: Counter;
  readonly outcomes: Counter;
  readonly importsEnded: Counter;
  readonly importedEntries: Counter;
  readonly importedBytes: Counter;
  readonly refused: Counter<'step'>;
  readonly #registers: Metrics['registry'][];

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.#registers = registers;
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
    this.refused = new Counter({
      name: 'lazyphotos_uploads_refused_total',
      help: 'Refusals because the disk is nearly full, by step: session, chunk or import',
      labelNames: ['step'],
      registers,
    });
    for (const step of ['session', 'chunk', 'import']) this.refused.inc({ step }, 0);
  }

  /** `look` is called when the metrics are read. A store that does not know its disk has neither of the two. */
  watchDisk(look: () => Promise<Room | undefined>): void {
    const registers = this.#registers;
    new Gauge({
      name: 'lazyphotos_storage_free_bytes',
      help: 'What can still be written to the disk with the photos; the S3 server has a metric of its own',
      registers,
      async collect() {
        this.reset();
        const room = await look().catch(() => undefined);
        if (room) this.set({}, room.free);
      },
    });
    new Gauge({
      name: 'lazyphotos_storage_reserve_bytes',
      help: 'What uploads leave free on the disk with the photos',
      registers,
      async collect() {
        this.reset();
        const room = await look().catch(() => undefined);
        if (room) this.set({}, room.reserve);
      },
    });
  }
}
