/** How a file is cut into chunks: all are `chunkSize` long but the last one. */
export interface ChunkLayout {
  sizeBytes: number;
  chunkSize: number;
}

export interface ByteSpan {
  offset: number;
  length: number;
}

/** S3 takes 10,000 parts. */
const MAX_CHUNKS = 9000;
/** Common proxies let requests of up to 100 MB through. */
const MAX_CHUNK_BYTES = 95 * 1000 ** 2;
/** No larger file can be sent in chunks. */
export const MAX_FILE_BYTES = MAX_CHUNKS * MAX_CHUNK_BYTES;

/** The chunk size of a new session: the usual one, or as much more as a large file needs. */
export const chunkSizeFor = (sizeBytes: number, usual: number): number =>
  Math.max(usual, Math.ceil(sizeBytes / MAX_CHUNKS));

export const chunkCount = ({ sizeBytes, chunkSize }: ChunkLayout): number => Math.ceil(sizeBytes / chunkSize);

export const chunkSpan = ({ sizeBytes, chunkSize }: ChunkLayout, index: number): ByteSpan => ({
  offset: index * chunkSize,
  length: Math.min(chunkSize, sizeBytes - index * chunkSize),
});

/** The index of the chunk that starts at `offset`, or undefined when none does. */
export function chunkIndexAt(layout: ChunkLayout, offset: number): number | undefined {
  const index = offset / layout.chunkSize;
  return Number.isInteger(index) && index < chunkCount(layout) ? index : undefined;
}

/** Chunks by index, in rising order, as spans with neighbours joined. */
function spansOf(layout: ChunkLayout, indexes: Iterable<number>): ByteSpan[] {
  const spans: ByteSpan[] = [];
  for (const index of indexes) {
    const span = chunkSpan(layout, index);
    const last = spans.at(-1);
    if (last && last.offset + last.length === span.offset) last.length += span.length;
    else spans.push(span);
  }
  return spans;
}

export interface Progress {
  received: ByteSpan[];
  missing: ByteSpan[];
  /** The first byte that is missing; the size when nothing is. */
  nextOffset: number;
}

export function progressOf(layout: ChunkLayout, receivedIndexes: readonly number[]): Progress {
  const have = new Set(receivedIndexes);
  const missingIndexes: number[] = [];
  for (let index = 0; index < chunkCount(layout); index += 1)
    if (!have.has(index)) missingIndexes.push(index);
  const missing = spansOf(layout, missingIndexes);
  return {
    received: spansOf(
      layout,
      [...have].sort((a, b) => a - b),
    ),
    missing,
    nextOffset: missing[0]?.offset ?? layout.sizeBytes,
  };
}
