import { newId } from '@lazyphotos/service-kit';
import type { FeedDb } from '../prisma.js';

/** Answers the log's epoch, made once when the log begins. */
export function createEpoch(db: FeedDb) {
  return async (): Promise<string> => {
    const known = await db.feedEpoch.findUnique({ where: { id: 1 } });
    if (known) return known.epoch;
    await db.feedEpoch.createMany({ data: { id: 1, epoch: newId() }, skipDuplicates: true });
    return (await db.feedEpoch.findUniqueOrThrow({ where: { id: 1 } })).epoch;
  };
}
