import type { NodeApi } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import type { RequestHandler } from 'express';

/** Whether the node has an owner. Rejects while the auth service cannot be asked. */
export type IsClaimed = () => Promise<boolean>;

/** Asks the auth service until it says yes: a node never becomes unclaimed again, so a yes is kept. */
export function createIsClaimed(node: NodeApi): IsClaimed {
  let claimed = false;
  return async () => {
    claimed ||= await node.isClaimed();
    return claimed;
  };
}

/** Refuses requests that an unclaimed node does not serve. */
export function createRequireClaimed(isClaimed: IsClaimed): RequestHandler {
  const look = async () => {
    if (!(await isClaimed()))
      throw new ProblemError(
        'server_unclaimed',
        'Claim this node first: register, sign in, POST /servers/claim.',
      );
  };
  return (_req, _res, next) => {
    look().then(() => next(), next);
  };
}
