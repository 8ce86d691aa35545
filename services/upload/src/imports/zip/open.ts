import { addAbortSignal, pipeline, Readable, Transform } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { Entry, ZipFile } from 'yauzl';
import { BlockReader } from './block-reader.js';
import { EntryError } from './errors.js';
import { type ArchivedFile, DEFLATED, LOCAL_HEADER_BYTES, STORED } from './inspect.js';
import type { ArchiveSource } from './source.js';

export type EntryLocation = Pick<
  ArchivedFile,
  'headerOffset' | 'sizeBytes' | 'compressedBytes' | 'crc32' | 'method' | 'path'
>;

/** What is read with a local header: most names and extra fields, and the bytes of a small file, such as a JSON. */
const HEADER_READ_BYTES = 512;
const SMALL_FILE_BYTES = 64 * 1024;

/** Resolves to the position at which the entry's packed bytes begin. */
async function dataStartOf(source: ArchiveSource, reader: BlockReader, file: EntryLocation): Promise<number> {
  const entry = Object.assign(new Entry(), {
    relativeOffsetOfLocalHeader: file.headerOffset,
    compressedSize: file.compressedBytes,
  });
  // yauzl opens an archive by its end; this one needs no table of contents.
  const zip = new ZipFile(reader, 0, source.size, 0, '', false, true, false, false);
  try {
    return (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
  } catch (cause) {
    if (reader.isFault(cause)) throw cause;
    throw new EntryError('entry_damaged', 'The file is not where the archive says.', { cause });
  }
}

async function packedBytes(source: ArchiveSource, file: EntryLocation): Promise<Readable> {
  const { compressedBytes } = file;
  const ahead = compressedBytes <= SMALL_FILE_BYTES ? compressedBytes : 0;
  const reader = new BlockReader(source, LOCAL_HEADER_BYTES + HEADER_READ_BYTES + ahead);
  const start = await dataStartOf(source, reader, file);
  const held = reader.held(start, compressedBytes);
  if (held) return Readable.from(held.length > 0 ? [held] : [], { objectMode: false });
  return source.read(start, start + compressedBytes - 1);
}

/** Translates an error of zlib; faults of the source stay unchanged. */
function asEntryError(error: Error | null): Error | null {
  const isZlib = String((error as NodeJS.ErrnoException | null)?.code).startsWith('Z_');
  return isZlib ? new EntryError('entry_damaged', 'The file cannot be unpacked.', { cause: error }) : error;
}

/** Lets bytes through and fails unless they are those that were announced. */
function createVerifier({ sizeBytes, crc32: expected }: EntryLocation): Transform {
  let size = 0;
  let crc = 0;
  const wrongSize = () =>
    new EntryError(
      'size_mismatch',
      `The file does not have the ${sizeBytes} bytes that the archive announces.`,
    );
  return new Transform({
    transform: (bytes: Buffer, _encoding, done) => {
      size += bytes.length;
      if (size > sizeBytes) return done(wrongSize());
      crc = crc32(bytes, crc);
      done(null, bytes);
    },
    flush: (done) => {
      if (size !== sizeBytes) return done(wrongSize());
      done(
        crc === expected ? null : new EntryError('crc_mismatch', 'The file is not the one that was packed.'),
      );
    },
    destroy: (error, done) => done(asEntryError(error)),
  });
}

/**
 * Opens the unpacked bytes. The stream fails with EntryError unless it has exactly the announced size and CRC-32, so nothing of it may be
 * used before its end; a fault of the source is thrown unchanged. Destroying it stops the reading.
 * @throws EntryError
 */
export async function openEntry(
  source: ArchiveSource,
  file: EntryLocation,
  signal?: AbortSignal,
): Promise<Readable> {
  if (file.method !== STORED && file.method !== DEFLATED)
    throw new EntryError('compression_unsupported', `Method ${file.method} is not supported.`);
  signal?.throwIfAborted();
  const packed = await packedBytes(source, file);
  const verifier = createVerifier(file);
  // Its error is not lost: reading a failed stream throws it.
  verifier.on('error', () => {});
  if (signal) addAbortSignal(signal, verifier);
  const streams = file.method === DEFLATED ? [packed, createInflateRaw(), verifier] : [packed, verifier];
  pipeline(streams, () => undefined);
  return verifier;
}
