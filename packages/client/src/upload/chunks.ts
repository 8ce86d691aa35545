export interface Chunk {
  offset: number;
  length: number;
}

/** The chunks of a file that are not wholly among `received`, in file order. */
export function missingChunks(sizeBytes: number, chunkSize: number, received: readonly Chunk[]): Chunk[] {
  const ranges = received.toSorted((a, b) => a.offset - b.offset);
  const missing: Chunk[] = [];
  for (let offset = 0; offset < sizeBytes; offset += chunkSize) {
    const length = Math.min(chunkSize, sizeBytes - offset);
    if (!isCovered(ranges, offset, offset + length)) missing.push({ offset, length });
  }
  return missing;
}

/** `ranges` are sorted by offset; a node may answer neighbours apart or joined. */
function isCovered(ranges: readonly Chunk[], start: number, end: number): boolean {
  let reached = start;
  for (const { offset, length } of ranges) {
    if (offset > reached) break;
    reached = Math.max(reached, offset + length);
    if (reached >= end) return true;
  }
  return false;
}
