import type { ServiceName } from '@lazyphotos/contracts';
import { createCopiesClient, type Peers } from '@lazyphotos/service-kit';
import { httpUpstream } from './http-upstream.js';
import { createNodeClient } from './node-client.js';
import type { GatewayDeps } from './service.js';
import { createSharesClient } from './shares/shares-client.js';

type Remote = Exclude<ServiceName, 'gateway'>;
type RemoteDeps = Pick<GatewayDeps, 'shares' | 'copies' | 'node' | 'upstreams' | 'alsoReady'>;

/** The other services, each in a process of its own, over HTTP. */
export function remoteServices(peers: Peers, urls: Readonly<Record<Remote, string>>): RemoteDeps {
  const upstream = (name: Remote) => httpUpstream(name, urls[name], peers);
  return {
    shares: createSharesClient(peers, urls.catalog),
    copies: createCopiesClient(peers, urls['media-worker']),
    node: createNodeClient(peers, urls.auth),
    upstreams: {
      auth: upstream('auth'),
      upload: upstream('upload'),
      catalog: upstream('catalog'),
      feed: upstream('feed'),
    },
    alsoReady: { 'media-worker': upstream('media-worker') },
  };
}
