import type { ServiceName } from '@lazyphotos/contracts';
import {
  type Chassis,
  createPeerGuard,
  createPeers,
  identitySettings,
  readServiceIdentity,
  readSettings,
  SERVICE_TOKEN_HEADER,
  silentLogger,
} from '@lazyphotos/service-kit';
import { createServiceKeys } from '@lazyphotos/testkit';

const keys = createServiceKeys();
const identityOf = (name: ServiceName) =>
  readServiceIdentity(
    name,
    readSettings(
      { LAZYPHOTOS_SERVICE_KEY: keys.privateKey(name), LAZYPHOTOS_PEER_KEYS: keys.peerKeys },
      identitySettings,
    ),
  );

/** The guard of a feed that has a process of its own. */
export const peerGuard: Chassis['peerGuard'] = createPeerGuard(identityOf('feed'), silentLogger);

/** What a request of that service carries. */
export const asService = (name: ServiceName): Record<string, string> => ({
  [SERVICE_TOKEN_HEADER]: createPeers(identityOf(name)).tokenFor('feed'),
});
