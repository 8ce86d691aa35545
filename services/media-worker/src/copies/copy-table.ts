import type { MediaCopy } from '../generated/prisma/client.js';
import type { MediaDb } from '../prisma.js';

/** What came of making a copy: it is there, the original needs none, or none can be made. */
export type CopyOutcome = 'copy' | 'original' | 'unsupported';

/** The copies that were made, by the keys of their objects. */
export interface CopyTable {
  /** Marks a copy as used and returns its row, if there is one. */
  use(key: string): Promise<MediaCopy | undefined>;
  /** Records that a copy is being made, before there is an object that would be forgotten after a crash. */
  begin(key: string, photoId: string): Promise<void>;
  /** Records what came of it; false if the row is gone because the photo was purged. */
  finish(key: string, outcome: CopyOutcome, reason?: string): Promise<boolean>;
  keysOf(photoId: string): Promise<string[]>;
  forget(key: string): Promise<void>;
  /**
   * Runs `remove` with the key of one copy that was last used before that time and forgets it; false if there is none. Until then no
   * other process can use or make it.
   */
  removeUnused(before: Date, remove: (key: string) => Promise<void>): Promise<boolean>;
}

export function createCopyTable(db: MediaDb, now: () => Date): CopyTable {
  return {
    use: async (key) => {
      const [row] = await db.mediaCopy.updateManyAndReturn({ where: { key }, data: { usedAt: now() } });
      return row;
    },
    begin: async (key, photoId) => {
      const state = { outcome: 'pending', reason: null, usedAt: now() };
      await db.mediaCopy.upsert({ where: { key }, create: { key, photoId, ...state }, update: state });
    },
    finish: async (key, outcome, reason) => {
      const { count } = await db.mediaCopy.updateMany({
        where: { key },
        data: { outcome, reason: reason ?? null, usedAt: now() },
      });
      return count > 0;
    },
    keysOf: async (photoId) => {
      const rows = await db.mediaCopy.findMany({ where: { photoId }, select: { key: true } });
      return rows.map(({ key }) => key);
    },
    forget: async (key) => {
      await db.mediaCopy.deleteMany({ where: { key } });
    },
    removeUnused: (before, remove) =>
      db.$transaction(async (tx) => {
        const [row] = await tx.$queryRaw<{ key: string }[]>`
          SELECT key FROM media_copies WHERE used_at < ${before}
          ORDER BY used_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
        if (!row) return false;
        await remove(row.key);
        await tx.mediaCopy.delete({ where: { key: row.key } });
        return true;
      }),
  };
}
