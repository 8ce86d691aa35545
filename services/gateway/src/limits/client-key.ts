import { isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The first 64 bits of an IPv6 address. */
function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  const [front = '', back] = bare.split('::');
  const left = front === '' ? [] : front.split(':');
  const right = back ? back.split(':') : [];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const groups = back === undefined ? left : [...left, ...zeros, ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** By what a client's attempts are counted. IPv6 gives a household 2^64 addresses: it is known by its network. */
export function clientKey(address: string | undefined): string {
  const plain = MAPPED.exec(address ?? '')?.[1] ?? address ?? '';
  const version = isIP(plain);
  if (version === 6) return networkOf(plain);
  return version === 4 ? plain : 'unknown';
}
