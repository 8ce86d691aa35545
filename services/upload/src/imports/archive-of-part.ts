import type { Readable } from 'node:stream';
import { isObjectStoreError, type ObjectStore } from '@lazyphotos/object-storage';
import { ProblemError } from '@lazyphotos/service-kit';
import type { ImportEntry, ImportPart } from '../generated/prisma/client.js';
import type { UploadDb } from '../prisma.js';
import type { ImportDir } from './import-dir.js';
import { ArchiveError, type ArchiveSource, localArchive, openEntry, storedArchive } from './zip/index.js';

export type EntryOfPart = ImportEntry & { part: ImportPart };

/** The archives of an import. A part is opened once, however much is read from it. */
export interface ArchivesOfParts {
  /** @throws ArchiveError when it is no longer there, or is another one */
  open(part: ImportPart): Promise<ArchiveSource>;
  /**
   * The unpacked bytes of an entry. @throws ArchiveError, EntryError; the stream fails with an EntryError when the bytes are not
   * those of the table of contents
   */
  openEntry(entry: EntryOfPart, signal: AbortSignal): Promise<Readable>;
  close(): Promise<void>;
}

const missing = () => new ArchiveError('archive_missing', 'The archive was deleted.');

/** The archives that one stretch of work reads. */
export function createArchivesOfParts(
  db: UploadDb,
  store: ObjectStore,
  importDir: ImportDir,
): ArchivesOfParts {
  const opened = new Map<string, Promise<ArchiveSource>>();

  const locate = async (path: string): Promise<string> => {
    try {
      return await importDir.locate(path);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      throw new ArchiveError('archive_missing', 'The archive is no longer below IMPORT_DIR.');
    }
  };

  const openPart = async (part: ImportPart): Promise<ArchiveSource> => {
    if (part.path !== null && part.modifiedAt !== null) {
      const expected = { size: Number(part.sizeBytes), modifiedAt: part.modifiedAt };
      return localArchive(await locate(part.path), expected);
    }
    const archive =
      part.archiveId === null ? null : await db.archive.findUnique({ where: { id: part.archiveId } });
    if (!archive || archive.deletedAt) throw missing();
    const source = storedArchive(store, archive.storageKey, Number(archive.sizeBytes));
    return {
      ...source,
      read: (start, end) =>
        source.read(start, end).catch((error: unknown) => {
          throw isObjectStoreError(error, 'object_not_found') ? missing() : error;
        }),
    };
  };

  const open = (part: ImportPart): Promise<ArchiveSource> => {
    const known = opened.get(part.id);
    if (known) return known;
    const opening = openPart(part);
    opened.set(part.id, opening);
    return opening;
  };

  return {
    open,
    openEntry: async (entry, signal) => {
      const { path, method } = entry;
      const file = {
        path,
        method,
        headerOffset: Number(entry.headerOffset),
        sizeBytes: Number(entry.sizeBytes),
        compressedBytes: Number(entry.compressedBytes),
        crc32: Number(entry.crc32),
      };
      return openEntry(await open(entry.part), file, signal);
    },
    close: async () => {
      const sources = await Promise.allSettled(opened.values());
      opened.clear();
      await Promise.all(
        sources.map((source) => (source.status === 'fulfilled' ? source.value.close() : undefined)),
      );
    },
  };
}
