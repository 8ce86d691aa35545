import { Readable } from 'node:stream';
import {
  type ArchivedFile,
  type ArchiveLimits,
  type ArchiveSource,
  DEFAULT_ARCHIVE_LIMITS,
  listArchive,
  openEntry,
} from '../../src/imports/zip/index.js';

export interface CountedSource extends ArchiveSource {
  /** The ranges that were read. */
  reads: { start: number; end: number }[];
}

/** An archive in memory. */
export function bufferSource(bytes: Buffer): CountedSource {
  const reads: CountedSource['reads'] = [];
  return {
    size: bytes.length,
    reads,
    read: async (start, end) => {
      if (start > end || end >= bytes.length) throw new RangeError(`bytes ${start} to ${end} are not there`);
      reads.push({ start, end });
      // In uneven pieces, as a network brings them.
      return Readable.from(piecesOf(bytes.subarray(start, end + 1)), { objectMode: false });
    },
    close: async () => undefined,
  };
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, size = 1000; at < bytes.length; at += size, size = (size * 7) % 65_521) {
    yield bytes.subarray(at, at + size);
  }
}

export async function list(
  source: ArchiveSource,
  limits: Partial<ArchiveLimits> = {},
): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  for await (const file of listArchive(source, { ...DEFAULT_ARCHIVE_LIMITS, ...limits })) files.push(file);
  return files;
}

export async function contentOf(source: ArchiveSource, file: ArchivedFile): Promise<Buffer> {
  return Buffer.concat(await (await openEntry(source, file)).toArray());
}

/** What is wrong with each file, by its path. */
export const problemsOf = (files: readonly ArchivedFile[]): Record<string, string | undefined> =>
  Object.fromEntries(files.map(({ path, problem }) => [path, problem?.code]));
