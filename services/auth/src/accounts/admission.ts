import type { Role } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import type { AuthSettings, Db, Tx } from '../context.js';
import type { Invites } from '../invites/invites.js';
import type { NodeState } from '../node/node.js';

export interface Applicant {
  email: string;
  code?: string | undefined;
}

/** Finds the role that a code gives, or uses the code up for it. */
type Redeem = (code: string, email: string) => Promise<Role | undefined>;

/**
 * Who may register. Before the node is claimed: whoever has the claim code, which is on the node's own disk. Afterwards the
 * setting decides. An invite counts on an open node too, for the role that it gives.
 */
export function createAdmission(deps: {
  node: NodeState;
  invites: Invites;
  registration: AuthSettings['registration'];
}) {
  const { node, invites, registration } = deps;

  const decide = async (claimed: boolean, { email, code }: Applicant, redeem: Redeem): Promise<Role> => {
    if (!claimed) {
      if (code !== undefined && (await node.isClaimCode(code))) return 'member';
      throw new ProblemError(
        'invalid_code',
        'The first accounts need the claim code, which the node printed.',
      );
    }
    if (registration === 'closed') throw new ProblemError('registration_closed');
    const role = code === undefined ? undefined : await redeem(code, email);
    if (role === undefined && registration === 'invite') {
      throw new ProblemError('invalid_code', 'A valid invite for this e-mail address is needed.');
    }
    return role ?? 'member';
  };

  return {
    /** Turns away who cannot register, before any costly work and before telling anything about accounts. */
    check: async (db: Db, applicant: Applicant): Promise<void> => {
      await decide(await node.isClaimed(), applicant, (code, email) => invites.find(db, code, email));
    },
    /** Decides for good: an invite is used up if, and only if, the transaction commits. */
    admit: async (tx: Tx, applicant: Applicant): Promise<Role> =>
      decide(await node.isClaimedForUpdate(tx), applicant, (code, email) => invites.consume(tx, code, email)),
  };
}
export type Admission = ReturnType<typeof createAdmission>;
