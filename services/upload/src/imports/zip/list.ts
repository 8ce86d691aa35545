import { fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { BlockReader } from './block-reader.js';
import { ArchiveError } from './errors.js';
import { Extents } from './extents.js';
import { type ArchivedFile, extentOf, inspectEntry, isFolder, isInside } from './inspect.js';
import type { ArchiveLimits } from './limits.js';
import type { ArchiveSource } from './source.js';

/** Some 2,000 entries of the table of contents. An entry may take up to 192 KiB. */
const BLOCK_BYTES = 256 * 1024;
/** What `isArchive` reads at a time. */
const SNIFF_BYTES = 4096;
const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
/** An end record without zip64 counts entries in 16 bits. */
const COUNT_STEP = 0x1_0000;

const signatureAt = async (reader: BlockReader, position: number): Promise<number | undefined> => {
  const bytes = await reader.bytes(position, 4);
  return bytes.length === 4 ? bytes.readUInt32LE(0) : undefined;
};

/** Translates an error of yauzl. It has no codes, so its messages (of the pinned version) are compared. */
function asArchiveError(cause: unknown): ArchiveError {
  const { message } = cause as Error;
  if (message.startsWith('multi-disk'))
    return new ArchiveError('multi_disk', 'The archive is split over several files; join them first.', {
      cause,
    });
  if (message.startsWith('strong encryption'))
    return new ArchiveError('archive_encrypted', 'The archive is encrypted.', { cause });
  return new ArchiveError('archive_damaged', `The archive cannot be read: ${message}.`, { cause });
}

async function openDirectory(reader: BlockReader, source: ArchiveSource): Promise<ZipFile> {
  try {
    return await fromRandomAccessReaderPromise(reader, source.size, {
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: false,
    });
  } catch (error) {
    if (reader.isFault(error)) throw error;
    if (!(error as Error).message.startsWith('End of central directory record')) throw asArchiveError(error);
    throw (await signatureAt(reader, 0)) === LOCAL_HEADER
      ? new ArchiveError('archive_truncated', 'The end of the archive is missing.', { cause: error })
      : new ArchiveError('not_an_archive', 'This is no ZIP archive.', { cause: error });
  }
}

/** yauzl's declaration calls it a boolean. */
const cursorOf = (zip: ZipFile): number => zip.readEntryCursor as unknown as number;

/**
 * Tools without zip64 let the count of more than 65,535 entries wrap around. Entries that follow the last one that was announced are
 * read as well: no file may be lost silently.
 */
async function correctCount(zip: ZipFile, reader: BlockReader): Promise<void> {
  if (zip.entriesRead !== zip.entryCount) return;
  if ((await signatureAt(reader, cursorOf(zip))) === CENTRAL_HEADER) zip.entryCount += COUNT_STEP;
}

/** Resolves to whether this is a ZIP by its structure, with any name; an empty one is, too. Its files may still be hostile. */
export async function isArchive(source: ArchiveSource): Promise<boolean> {
  const reader = new BlockReader(source, SNIFF_BYTES);
  try {
    const zip = await openDirectory(reader, source);
    return zip.entryCount === 0 || (await signatureAt(reader, cursorOf(zip))) === CENTRAL_HEADER;
  } catch (error) {
    if (error instanceof ArchiveError) return false;
    throw error;
  }
}

/** Checks what only all entries together show. */
class Totals {
  private readonly extents = new Extents();
  private unpacked = 0;
  private packed = 0;

  constructor(
    private readonly limits: ArchiveLimits,
    private readonly archiveBytes: number,
  ) {}

  /** `end` is exclusive. */
  add(
    file: Pick<ArchivedFile, 'sizeBytes' | 'compressedBytes'>,
    { start, end }: { start: number; end: number },
  ) {
    this.extents.add(start, end);
    this.packed += file.compressedBytes;
    this.unpacked += file.sizeBytes;
    if (this.packed > this.archiveBytes) throw this.overlapping();
    const { maxTotalRatio, totalFreeBytes } = this.limits;
    if (this.unpacked > Math.max(totalFreeBytes, this.archiveBytes * maxTotalRatio))
      throw new ArchiveError('archive_bomb', 'The archive would become far larger when unpacked.');
  }

  checkOverlap(): void {
    if (this.extents.haveOverlap()) throw this.overlapping();
  }

  private overlapping(): ArchiveError {
    return new ArchiveError('overlapping_entries', 'Files of the archive share the same bytes.');
  }
}

/**
 * Files of the table of contents in its order, read in small steps; folders are left out. What is wrong with a single file is its
 * `problem`. A fault of the source is thrown unchanged. Overlapping files are found only at the end, so none may be unpacked before.
 * @throws ArchiveError for the archive as a whole
 */
export async function* listArchive(
  source: ArchiveSource,
  limits: ArchiveLimits,
): AsyncGenerator<ArchivedFile, void> {
  const reader = new BlockReader(source, BLOCK_BYTES);
  const zip = await openDirectory(reader, source);
  const dataEnd = cursorOf(zip);
  const totals = new Totals(limits, source.size);
  const checkCount = () => {
    if (zip.entryCount > limits.maxFiles)
      throw new ArchiveError('too_many_files', `The archive has more than ${limits.maxFiles} files.`);
  };
  checkCount();
  await correctCount(zip, reader);
  const entries = zip.eachEntry();
  for (;;) {
    checkCount();
    const { value: entry, done } = await entries.next().catch((error: unknown) => {
      throw reader.isFault(error) ? error : asArchiveError(error);
    });
    if (done) break;
    const file = inspectEntry(entry, zip.entriesRead - 1, limits, dataEnd);
    if (isInside(entry, dataEnd)) totals.add(file, extentOf(entry));
    if (!isFolder(entry)) yield file;
    await correctCount(zip, reader);
  }
  totals.checkOverlap();
}
