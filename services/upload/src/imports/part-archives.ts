import type { Readable } from 'node:stream';
import { isObjectStoreError } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import type { ImportEntry, ImportPart } from '../generated/prisma/client.js';
import { locateArchive } from './import-dir.js';
import { ArchiveError, type ArchiveSource, localArchive, openEntry, storedArchive } from './zip/index.js';

export type EntryOfPart = ImportEntry & { part: ImportPart };

/** The archives that one slice of an import reads. Each is opened once, even if many entries are read from it. */
export class PartArchives {
  private readonly opened = new Map<string, Promise<ArchiveSource>>();

  constructor(private readonly context: UploadContext) {}

  /** @throws ArchiveError when it is no longer there, or has changed */
  open(part: ImportPart): Promise<ArchiveSource> {
    const known = this.opened.get(part.id);
    if (known) return known;
    const opening = this.openSource(part);
    this.opened.set(part.id, opening);
    return opening;
  }

  /**
   * Opens the unpacked bytes of an entry. The stream fails with an EntryError when the bytes are not those of the table of contents.
   * @throws ArchiveError, EntryError
   */
  async openEntry({ part, ...entry }: EntryOfPart, signal: AbortSignal): Promise<Readable> {
    const file = {
      path: entry.path,
      method: entry.method,
      headerOffset: Number(entry.headerOffset),
      sizeBytes: Number(entry.sizeBytes),
      compressedBytes: Number(entry.compressedBytes),
      crc32: Number(entry.crc32),
    };
    return openEntry(await this.open(part), file, signal);
  }

  async close(): Promise<void> {
    const sources = await Promise.allSettled(this.opened.values());
    this.opened.clear();
    await Promise.all(
      sources.map((source) => (source.status === 'fulfilled' ? source.value.close() : undefined)),
    );
  }

  private async openSource({ path, modifiedAt, sizeBytes, archiveId }: ImportPart): Promise<ArchiveSource> {
    const { db, store } = this.context;
    if (path !== null && modifiedAt !== null)
      return localArchive(await this.locate(path), { size: Number(sizeBytes), modifiedAt });
    const archive = archiveId === null ? null : await db.archive.findUnique({ where: { id: archiveId } });
    if (!archive || archive.deletedAt) throw missing();
    const source = storedArchive(store, archive.storageKey, Number(archive.sizeBytes));
    return {
      ...source,
      read: (start, end) =>
        source.read(start, end).catch((error: unknown) => {
          throw isObjectStoreError(error, 'object_not_found') ? missing() : error;
        }),
    };
  }

  private async locate(path: string): Promise<string> {
    try {
      return await locateArchive(this.context.settings.importDir, path);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      throw new ArchiveError('archive_missing', 'The archive is no longer below IMPORT_DIR.');
    }
  }
}

function missing(): ArchiveError {
  return new ArchiveError('archive_missing', 'The archive was deleted.');
}
