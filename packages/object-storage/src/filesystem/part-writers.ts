import type { Readable } from 'node:stream';
import { ObjectNotFoundError } from '../errors.js';

export interface PartWriter {
  /** Nobody else is writing this part into the data file at the moment. */
  readonly alone: boolean;
  /** Says that this writer does not touch the data file (any more). */
  leaveDataFile(): void;
}

/** Who is writing into which staged upload's data file right now. */
export interface PartWriters {
  /** @throws ObjectNotFoundError when the upload is being completed or aborted. */
  enter(uploadId: string, index: number, body: Readable): PartWriter;
  /**
   * Keeps writers out while `work` runs. Those that are still at it are stopped and waited for first: a late duplicate of
   * a part must not write into a file that has become an object.
   */
  keepOut<T>(uploadId: string, work: () => Promise<T>): Promise<T>;
}

interface Entry {
  index: number;
  body: Readable;
  left: Promise<void>;
}

export function createPartWriters(): PartWriters {
  const active = new Map<string, Set<Entry>>();
  const closed = new Set<string>();

  function enter(uploadId: string, index: number, body: Readable): PartWriter {
    if (closed.has(uploadId)) throw over(uploadId);
    const entries = active.get(uploadId) ?? new Set();
    const alone = ![...entries].some((entry) => entry.index === index);
    if (!alone) return { alone, leaveDataFile: () => {} };
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const entry: Entry = { index, body, left };
    active.set(uploadId, entries.add(entry));
    const leaveDataFile = (): void => {
      entries.delete(entry);
      if (entries.size === 0 && active.get(uploadId) === entries) active.delete(uploadId);
      resolve();
    };
    return { alone, leaveDataFile };
  }

  async function keepOut<T>(uploadId: string, work: () => Promise<T>): Promise<T> {
    closed.add(uploadId);
    try {
      const entries = [...(active.get(uploadId) ?? [])];
      for (const { body } of entries) body.destroy(over(uploadId));
      await Promise.all(entries.map(({ left }) => left));
      return await work();
    } finally {
      closed.delete(uploadId);
    }
  }

  return { enter, keepOut };
}

function over(uploadId: string): ObjectNotFoundError {
  return new ObjectNotFoundError(`the upload ${uploadId} is being ended and takes no more parts`);
}
