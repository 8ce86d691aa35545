import { endpoints, internalEndpoints, type ServiceName } from '@lazyphotos/contracts';
import { createCopiesClient, type Peers } from '@lazyphotos/service-kit';
import { httpUpstream } from './http-upstream.js';
import type { GatewayDeps } from './service.js';

type Remote = Exclude<ServiceName, 'gateway'>;
type RemoteDeps = Pick<GatewayDeps, 'shares' | 'copies' | 'previews' | 'node' | 'upstreams' | 'alsoReady'>;

/** Returns the other services, each in its own process, over HTTP. */
export function remoteServices(peers: Peers, urls: Readonly<Record<Remote, string>>): RemoteDeps {
  const upstream = (name: Remote) => httpUpstream(name, urls[name], peers);
  return {
    shares: {
      view: (view) => peers.call(urls.catalog, internalEndpoints.viewShare, { body: view }),
      unlock: (token, password) =>
        peers.call(urls.catalog, internalEndpoints.unlockShareLink, { body: { token, password } }),
    },
    copies: createCopiesClient(peers, urls['media-worker']),
    previews: {
      remakePreviews: (params) =>
        peers.call(urls['media-worker'], internalEndpoints.remakePreviews, { params }),
    },
    node: {
      isClaimed: async () => (await peers.call(urls.auth, endpoints.serverStatus, {})).claimed,
    },
    upstreams: {
      auth: upstream('auth'),
      upload: upstream('upload'),
      catalog: upstream('catalog'),
      feed: upstream('feed'),
    },
    alsoReady: { 'media-worker': upstream('media-worker') },
  };
}
