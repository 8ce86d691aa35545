import { arch, hostname, type } from 'node:os';
import type { Context } from '../context.js';

/** A line that the contract accepts: host names may hold anything. */
const clean = (text: string, max: number): string =>
  text
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, max);

/** Makes this computer known as a device of the signed-in account. */
export async function registerThisDevice({ client, io, signal }: Context): Promise<string> {
  const name = clean(hostname(), 100);
  const body = {
    platform: 'cli' as const,
    model: clean(`${type()} ${arch()}`, 200) || 'computer',
    appVersion: io.version,
    ...(name === '' ? {} : { name }),
  };
  return (await client.registerDevice({ body }, { signal })).deviceId;
}
