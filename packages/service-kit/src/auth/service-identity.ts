import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { ServiceName } from '@lazyphotos/contracts';
import type { identitySettings } from '../chassis-settings.js';
import { SettingsError, type SettingsOf } from '../settings.js';

/** The key with which a service proves its name to the others, and the keys with which it recognizes them. */
export interface ServiceIdentity {
  name: ServiceName;
  privateKey: KeyObject;
  /** The calls of a service that is missing here are refused. */
  peerKeys: ReadonlyMap<ServiceName, KeyObject>;
}

/** Returns undefined unless it is a key of the curve that ES256 needs. */
function p256(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

function readPeerKeys(given: ReadonlyMap<ServiceName, string>, problems: string[]) {
  const keys = new Map<ServiceName, KeyObject>();
  for (const [peer, base64] of given) {
    const key = p256(() => createPublicKey({ key: bytesOf(base64), format: 'der', type: 'spki' }));
    if (key) keys.set(peer, key);
    else
      problems.push(`LAZYPHOTOS_PEER_KEYS is malformed: the key of ${peer} is not a P-256 public key (SPKI)`);
  }
  return keys;
}

/**
 * Reads the keys of this service and of its peers, and checks that the others will know this one.
 * @throws SettingsError with a line for each key that is wrong
 */
export function readServiceIdentity(
  name: ServiceName,
  settings: SettingsOf<typeof identitySettings>,
): ServiceIdentity {
  const problems: string[] = [];
  const peerKeys = readPeerKeys(settings.peerKeys, problems);
  const privateKey = p256(() =>
    createPrivateKey({ key: bytesOf(settings.serviceKey), format: 'der', type: 'pkcs8' }),
  );
  const published = peerKeys.get(name);
  if (!privateKey)
    problems.push('LAZYPHOTOS_SERVICE_KEY is malformed: it is not a P-256 private key (PKCS #8)');
  else if (!settings.peerKeys.has(name)) problems.push(`LAZYPHOTOS_PEER_KEYS has no key of ${name} itself`);
  else if (published && !createPublicKey(privateKey).equals(published))
    problems.push(`LAZYPHOTOS_SERVICE_KEY does not belong to the key of ${name} in LAZYPHOTOS_PEER_KEYS`);
  if (!privateKey || problems.length > 0) throw new SettingsError(problems);
  return { name, privateKey, peerKeys };
}
