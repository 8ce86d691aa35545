import { RandomAccessReader } from 'yauzl';
import type { ArchiveSource } from './source.js';

/** Reads an archive for yauzl in blocks, of which it keeps the last one: the small reads of neighbouring headers cost one range. */
export class BlockReader extends RandomAccessReader {
  private block: Buffer = Buffer.alloc(0);
  private start = 0;
  private fault: { error: unknown } | undefined;

  /** `blockBytes`: how much a read takes from the source at least. */
  constructor(
    private readonly source: ArchiveSource,
    private readonly blockBytes: number,
  ) {
    super();
  }

  /** Returns the bytes if they are in the block that was read last. */
  held(position: number, length: number): Buffer | undefined {
    const start = position - this.start;
    if (start < 0 || start + length > this.block.length) return undefined;
    return this.block.subarray(start, start + length);
  }

  /** Returns the bytes, or fewer at the end of the archive. */
  async bytes(position: number, length: number): Promise<Buffer> {
    const held = this.held(position, length);
    if (held) return held;
    const end = Math.min(position + Math.max(length, this.blockBytes), this.source.size) - 1;
    if (!Number.isSafeInteger(position) || end < position) return Buffer.alloc(0);
    const body = await this.source.read(position, end);
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part as Buffer);
    this.block = Buffer.concat(parts);
    this.start = position;
    return this.block.subarray(0, length);
  }

  /** Whether this error comes from the source, and not from what the archive says. */
  isFault(error: unknown): boolean {
    return this.fault !== undefined && this.fault.error === error;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.bytes(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      (error: Error) => {
        this.fault = { error };
        callback(error);
      },
    );
  }
}
