import type { Prisma } from '../generated/prisma/client.js';
import type { FeedTx } from '../prisma.js';

export type Entity = 'photo' | 'album';

export interface Change {
  userId: string;
  entity: Entity;
  entityId: string;
  version: number;
  deleted: boolean;
  data: Prisma.InputJsonObject;
  updatedAt: Date;
}

/**
 * Takes the user's turn as the only writer until the transaction ends, so that numbers become visible in the order in which
 * they are given: no reader can pass one that commits later.
 */
export async function lockHead(tx: FeedTx, userId: string): Promise<void> {
  await tx.$executeRaw`INSERT INTO feed_heads (user_id, last_seq) VALUES (${userId}::uuid, 0) ON CONFLICT DO NOTHING`;
  await tx.$queryRaw`SELECT last_seq FROM feed_heads WHERE user_id = ${userId}::uuid FOR UPDATE`;
}

export const currentEntry = (
  tx: FeedTx,
  { userId, entity, entityId }: Pick<Change, 'userId' | 'entity' | 'entityId'>,
) => tx.feedEntry.findUnique({ where: { userId_entity_entityId: { userId, entity, entityId } } });

/** Puts an entity at the end of the log in this state. The caller holds the head and has compared versions. */
export async function append(tx: FeedTx, change: Change): Promise<void> {
  const { userId, entity, entityId, version, deleted, data, updatedAt } = change;
  const { lastSeq: seq } = await tx.feedHead.update({
    where: { userId },
    data: { lastSeq: { increment: 1 } },
  });
  const state = { seq, version, deleted, data, updatedAt };
  await tx.feedEntry.upsert({
    where: { userId_entity_entityId: { userId, entity, entityId } },
    create: { userId, entity, entityId, ...state },
    update: state,
  });
}

/** Appends a change unless the log has the same version or a newer one. */
export async function appendIfNewer(tx: FeedTx, change: Change): Promise<void> {
  await lockHead(tx, change.userId);
  const known = await currentEntry(tx, change);
  if (!known || known.version < change.version) await append(tx, change);
}
