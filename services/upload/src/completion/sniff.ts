import type { ObjectStore } from '@lazyphotos/object-storage';
import { sniffTokenizer } from '@lazyphotos/photo-type';
import { type IRangeRequestClient, tokenizer } from '@tokenizer/range';

/** Magic bytes stand at the beginning, but a TIFF's first directory may stand anywhere: only what is asked for is read. */
const FIRST_READ_BYTES = 16 * 1024;
/** A file may claim that a field is gigabytes long; nobody needs that much of it to tell what it is. */
const MAX_READ_BYTES = 1024 * 1024;

class SniffLimitError extends Error {}

function rangeClient(store: ObjectStore, key: string, size: number): IRangeRequestClient {
  let left = MAX_READ_BYTES;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    left -= end - start + 1;
    if (left < 0) throw new SniffLimitError('reads more than is needed to recognise a file');
    const { body } = await store.get(key, { start, end });
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };
  const info = { size, acceptPartialRequests: true };
  return {
    getHeadInfo: async () => info,
    getResponse: async (_method, range = [0, size - 1]) => {
      const [start, last] = range;
      const end = Math.min(last, size - 1);
      return {
        ...info,
        contentRange: { firstBytePosition: start, lastBytePosition: end, instanceLength: size },
        arrayBuffer: () => read(start, end),
      };
    },
    abort: () => undefined,
  };
}

/** The MIME type that an object's content shows, or undefined when nothing is recognised. */
export async function sniffType(store: ObjectStore, key: string, size: number): Promise<string | undefined> {
  const source = await tokenizer(rangeClient(store, key, size), {
    initialChunkSize: Math.min(size, FIRST_READ_BYTES),
    minimumChunkSize: 1024,
  });
  try {
    return await sniffTokenizer(source);
  } catch (error) {
    if (error instanceof SniffLimitError || error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}
