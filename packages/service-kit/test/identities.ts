import type { ServiceName } from '@lazyphotos/contracts';
import type { ServiceKeys } from '@lazyphotos/testkit';

/** The keys, but without the public one of one service. */
export const without = (name: ServiceName, { privateKey, peerKeys }: ServiceKeys): ServiceKeys => ({
  privateKey,
  peerKeys: peerKeys
    .split(',')
    .filter((entry) => !entry.startsWith(`${name}=`))
    .join(','),
});
