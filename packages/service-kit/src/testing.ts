import type { ServiceName } from '@lazyphotos/contracts';
import type { RequestHandler } from 'express';
import { readServiceIdentity, type ServiceIdentity } from './auth/service-identity.js';
import { createPeerGuard, SERVICE_TOKEN_HEADER, ServiceTokens } from './auth/service-tokens.js';
import { identitySettings } from './chassis-settings.js';
import { silentLogger } from './logger.js';
import { readSettings } from './settings.js';

/** The keys of all services of a test. */
interface Keys {
  privateKey(service: ServiceName): string;
  /** The value of LAZYPHOTOS_PEER_KEYS. */
  peerKeys: string;
}

/** Returns what the container of a service reads from the keys. */
export function identityOf(name: ServiceName, { privateKey, peerKeys }: Keys): ServiceIdentity {
  const env = { LAZYPHOTOS_SERVICE_KEY: privateKey(name), LAZYPHOTOS_PEER_KEYS: peerKeys };
  return readServiceIdentity(name, readSettings(env, identitySettings));
}

/** Returns the guard of a service that has a process of its own. */
export const guardOf = (called: ServiceName, keys: Keys): RequestHandler =>
  createPeerGuard(identityOf(called, keys), silentLogger);

/** Returns the headers of a request by which one service calls another. */
export const headersOf = (caller: ServiceName, called: ServiceName, keys: Keys): Record<string, string> => ({
  [SERVICE_TOKEN_HEADER]: new ServiceTokens(identityOf(caller, keys)).tokenFor(called),
});
