import { describeError, type Logger, newId, ProblemError } from '@lazyphotos/service-kit';
import type { AuthDb, AuthTx, UserRow } from '../prisma.js';
import { isSameCode, newCode } from '../secrets.js';
import type { ClaimCodeStore } from './claim-code-file.js';

export interface NodeStatus {
  claimed: boolean;
  serverId?: string;
}

interface NodeClaimDeps {
  db: AuthDb;
  store: ClaimCodeStore;
  now: () => Date;
  logger: Logger;
}

/** The table has one row. */
const ONLY = 1;
/** 60 bits. */
const CLAIM_CODE_GROUPS = 3;

/**
 * Whether this node has an owner. Claiming happens once and is final, so the database is not read again for a claimed node. The claim
 * code becomes invalid when the claim commits; removing its file afterwards is only clean-up.
 */
export class NodeClaim {
  #claimedAs: string | undefined;

  constructor(private readonly deps: NodeClaimDeps) {}

  async start(): Promise<void> {
    const { db, store, logger } = this.deps;
    await db.node.createMany({ data: [{ id: ONLY, serverId: newId() }], skipDuplicates: true });
    if (await this.isClaimed()) return store.remove();
    if ((await store.read()) === undefined) await store.write(newCode(CLAIM_CODE_GROUPS));
    logger.info('this node has not been claimed yet', { claimCodeFile: store.location });
  }

  async status(): Promise<NodeStatus> {
    if (this.#claimedAs === undefined) {
      const row = await this.deps.db.node.findUnique({ where: { id: ONLY } });
      if (row?.claimedAt) this.#claimedAs = row.serverId;
    }
    return this.#claimedAs === undefined ? { claimed: false } : { claimed: true, serverId: this.#claimedAs };
  }

  async isClaimed(): Promise<boolean> {
    return (await this.status()).claimed;
  }

  /** An unclaimed node stays unclaimed until the transaction ends: a claim has to wait. */
  async isClaimedForUpdate(tx: AuthTx): Promise<boolean> {
    const rows = await tx.$queryRaw<{ claimed: boolean }[]>`
      SELECT claimed_at IS NOT NULL AS claimed FROM node WHERE id = ${ONLY} FOR SHARE`;
    return rows[0]?.claimed ?? false;
  }

  /** Returns the code while the node is unclaimed. */
  async claimCode(): Promise<string | undefined> {
    return (await this.isClaimed()) ? undefined : this.deps.store.read();
  }

  async isClaimCode(code: string): Promise<boolean> {
    const expected = await this.deps.store.read();
    return expected !== undefined && isSameCode(expected, code);
  }

  /** @throws ProblemError `already_claimed`, `owner_mismatch`, `invalid_code` */
  async claim(user: UserRow, ownerEmail: string, code: string): Promise<{ serverId: string }> {
    const { store, logger } = this.deps;
    if (await this.isClaimed()) throw new ProblemError('already_claimed');
    if (ownerEmail !== user.email) throw new ProblemError('owner_mismatch');
    if (!(await this.isClaimCode(code))) {
      // A claim that was faster has removed the code.
      throw new ProblemError((await this.isClaimed()) ? 'already_claimed' : 'invalid_code');
    }
    const serverId = await this.#makeOwner(user.id);
    this.#claimedAs = serverId;
    logger.info('the node has been claimed', { userId: user.id });
    await store.remove().catch((error: unknown) => {
      // The claim is valid, and the code is worthless; the next start tries again to remove it.
      logger.warn('the claim code file was not removed', { error: describeError(error) });
    });
    return { serverId };
  }

  /** Of several concurrent claims, one succeeds. @throws ProblemError `already_claimed` */
  async #makeOwner(userId: string): Promise<string> {
    const { db, now } = this.deps;
    return db.$transaction(async (tx) => {
      const [node] = await tx.node.updateManyAndReturn({
        where: { id: ONLY, claimedAt: null },
        data: { claimedAt: now(), ownerId: userId },
      });
      if (!node) throw new ProblemError('already_claimed');
      await tx.user.update({ where: { id: userId }, data: { role: 'owner' } });
      return node.serverId;
    });
  }
}
