import type { NodeApi } from '@lazyphotos/contracts';
import { ProblemError } from '@lazyphotos/service-kit';
import type { RequestHandler } from 'express';

/** Refuses everything that an unclaimed node does not answer. A node never becomes unclaimed again, so a yes is kept. */
export function createRequireClaimed(node: NodeApi): RequestHandler {
  let claimed = false;
  const look = async () => {
    claimed ||= await node.isClaimed();
    if (!claimed)
      throw new ProblemError(
        'server_unclaimed',
        'Claim this node first: register, sign in, POST /servers/claim.',
      );
  };
  return (_req, _res, next) => {
    look().then(() => next(), next);
  };
}
