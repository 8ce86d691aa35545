import { generateKeyPairSync } from 'node:crypto';

const SERVICES = ['gateway', 'auth', 'upload', 'catalog', 'feed', 'media-worker'];

function createKeyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

/** A key pair for each service, in the form of LAZYPHOTOS_SERVICE_KEY and LAZYPHOTOS_PEER_KEYS. */
export function createServiceKeys(services: readonly string[] = SERVICES) {
  const pairs = new Map(services.map((name) => [name, createKeyPair()]));
  return {
    privateKey: (name: string): string => {
      const pair = pairs.get(name);
      if (!pair) throw new Error(`there is no service ${name}`);
      return pair.privateKey;
    },
    /** Of all services, comma-separated. */
    peerKeys: [...pairs].map(([name, { publicKey }]) => `${name}=${publicKey}`).join(','),
  };
}
export type ServiceKeys = ReturnType<typeof createServiceKeys>;
