import { endpoints } from '@lazyphotos/contracts';
import type { ServiceApp } from '@lazyphotos/service-kit';
import type { SignedIn } from '../sessions/signed-in.js';
import type { NodeState } from './node.js';

export function mountNode(
  { mount }: ServiceApp,
  deps: { node: NodeState; signedIn: SignedIn; version: string },
): void {
  const { node, signedIn, version } = deps;

  mount(endpoints.serverStatus, async () => ({ ...(await node.status()), version }));

  mount(endpoints.claimServer, async ({ principal, body }) =>
    node.claim(await signedIn(principal), body.ownerEmail, body.code),
  );
}
