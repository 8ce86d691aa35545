import type { IncomingMessage } from 'node:http';
import type { Role } from '@lazyphotos/contracts';
import { ProblemError } from '../errors.js';

/** Who makes a request, as its access token says. */
export interface Principal {
  userId: string;
  role: Role;
  /** The refresh-token family. */
  sessionId: string;
  deviceId?: string | undefined;
}

/** Kept beside the request, not on it: no header and no other middleware can forge it. */
const principals = new WeakMap<IncomingMessage, Principal>();

export const setPrincipal = (req: IncomingMessage, principal: Principal): void => {
  principals.set(req, principal);
};
export const hasPrincipal = (req: IncomingMessage): boolean => principals.has(req);

/** @throws ProblemError `unauthenticated` */
export function principalOf(req: IncomingMessage): Principal {
  const principal = principals.get(req);
  if (!principal) throw new ProblemError('unauthenticated', 'Send an access token as a bearer token.');
  return principal;
}
