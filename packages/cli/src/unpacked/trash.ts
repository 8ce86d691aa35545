import { type Client, sleep } from '@lazyphotos/client';
import { CliError } from '../errors.js';
import { UNKNOWN_PAUSES_MS } from './describe.js';

/** Moves photos to the trash that lay in the trash of the export. */
export interface Trash {
  /** This run has brought the photo, so it may be moved: one that was here before stays where its owner has put it. */
  expect(photoId: string): void;
  /** Moves the photo if that is expected and has not been done. */
  move(photoId: string): Promise<void>;
  readonly moved: number;
}

/**
 * Each photo is moved right after its upload, and Ctrl-C does not stop that: the next run could not tell it from a photo that its owner
 * has brought back.
 */
export function createTrash(client: Client): Trash {
  const expected = new Set<string>();
  let moved = 0;
  const tryMove = async (id: string): Promise<boolean> => {
    const { results } = await client.deletePhotos({ body: { ids: [id] } });
    return results[0]?.status === 'ok';
  };
  return {
    get moved() {
      return moved;
    },
    expect: (photoId) => void expected.add(photoId),
    move: async (photoId) => {
      if (!expected.has(photoId)) return;
      for (const pause of UNKNOWN_PAUSES_MS) {
        if (await tryMove(photoId)) {
          expected.delete(photoId);
          moved += 1;
          return;
        }
        // The node may hear of a photo a little later than its upload ends.
        await sleep(pause);
      }
      throw new CliError('not_found', 'the node does not know this photo; it was not moved to the trash');
    },
  };
}
