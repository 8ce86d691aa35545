import type { ServiceName } from '@lazyphotos/contracts';
import type { ServiceKeys } from '@lazyphotos/testkit';
import { identitySettings, readServiceIdentity, readSettings, type ServiceIdentity } from '../src/index.js';

/** What a service's container reads from these keys. */
export const identityOf = (name: ServiceName, keys: ServiceKeys, peerKeys = keys.peerKeys): ServiceIdentity =>
  readServiceIdentity(
    name,
    readSettings(
      { LAZYPHOTOS_SERVICE_KEY: keys.privateKey(name), LAZYPHOTOS_PEER_KEYS: peerKeys },
      identitySettings,
    ),
  );

/** The entries of LAZYPHOTOS_PEER_KEYS without one service. */
export const without = (name: ServiceName, { peerKeys }: ServiceKeys): string =>
  peerKeys
    .split(',')
    .filter((entry) => !entry.startsWith(`${name}=`))
    .join(',');
