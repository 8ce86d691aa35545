import { describeError, type Logger, newId, ProblemError } from '@lazyphotos/service-kit';
import type { UserRow } from '../accounts/user.js';
import type { Clock, Tx } from '../context.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { ClaimCodeStore } from './claim-code-store.js';
import { newCode, sameCode } from './codes.js';

/** The table has one row. */
const ONLY = 1;
/** 60 bits. */
const CLAIM_CODE_GROUPS = 3;

export interface NodeStatus {
  claimed: boolean;
  serverId?: string;
}

/** Of several at once, one gets through. @throws ProblemError `already_claimed` */
const makeOwner = (db: PrismaClient, userId: string, now: Date): Promise<string> =>
  db.$transaction(async (tx) => {
    const [node] = await tx.node.updateManyAndReturn({
      where: { id: ONLY, claimedAt: null },
      data: { claimedAt: now, ownerId: userId },
    });
    if (!node) throw new ProblemError('already_claimed');
    await tx.user.update({ where: { id: userId }, data: { role: 'owner' } });
    return node.serverId;
  });

/** Until the transaction ends, a node that was unclaimed stays so: a claim has to wait. */
async function isClaimedForUpdate(tx: Tx): Promise<boolean> {
  const rows = await tx.$queryRaw<{ claimed: boolean }[]>`
    SELECT claimed_at IS NOT NULL AS claimed FROM node WHERE id = ${ONLY} FOR SHARE`;
  return rows[0]?.claimed ?? false;
}

/**
 * Whether this node has an owner. Claiming happens once and is final, which is why a claimed node needs no further look at the
 * database. The code ends with the claim's commit; its file is only what is left to tidy up.
 */
export function createNode(deps: {
  db: PrismaClient;
  claimCode: ClaimCodeStore;
  clock: Clock;
  logger: Logger;
}) {
  const { db, claimCode, clock, logger } = deps;
  let claimedAs: string | undefined;

  const status = async (): Promise<NodeStatus> => {
    if (claimedAs === undefined) {
      const row = await db.node.findUnique({ where: { id: ONLY } });
      if (row?.claimedAt) claimedAs = row.serverId;
    }
    return claimedAs === undefined ? { claimed: false } : { claimed: true, serverId: claimedAs };
  };
  const isClaimed = async (): Promise<boolean> => (await status()).claimed;

  const isClaimCode = async (code: string): Promise<boolean> => {
    const expected = await claimCode.read();
    return expected !== undefined && sameCode(expected, code);
  };

  const start = async (): Promise<void> => {
    await db.node.createMany({ data: [{ id: ONLY, serverId: newId() }], skipDuplicates: true });
    if (await isClaimed()) return claimCode.remove();
    if ((await claimCode.read()) === undefined) await claimCode.write(newCode(CLAIM_CODE_GROUPS));
    logger.info('nobody has claimed this node yet', { claimCodeFile: claimCode.location });
  };

  /** @throws ProblemError `already_claimed`, `owner_mismatch`, `invalid_code` */
  const claim = async (user: UserRow, ownerEmail: string, code: string): Promise<{ serverId: string }> => {
    if (await isClaimed()) throw new ProblemError('already_claimed');
    if (ownerEmail !== user.email) throw new ProblemError('owner_mismatch');
    if (!(await isClaimCode(code))) {
      // Whoever was quicker has ended the code.
      throw new ProblemError((await isClaimed()) ? 'already_claimed' : 'invalid_code');
    }
    const serverId = await makeOwner(db, user.id, clock());
    claimedAs = serverId;
    logger.info('the node has been claimed', { userId: user.id });
    await claimCode.remove().catch((error: unknown) => {
      // The claim stands, and the code is worthless; the next start tries again.
      logger.warn('the claim code file was not removed', { error: describeError(error) });
    });
    return { serverId };
  };

  return {
    start,
    status,
    isClaimed,
    isClaimCode,
    claim,
    isClaimedForUpdate,
    /** The code while it is good. */
    claimCode: async (): Promise<string | undefined> => ((await isClaimed()) ? undefined : claimCode.read()),
  };
}
export type NodeState = ReturnType<typeof createNode>;
