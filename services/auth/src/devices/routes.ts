import { endpoints, platforms } from '@lazyphotos/contracts';
import { once } from '@lazyphotos/database';
import { keyedRequest, type ServiceApp } from '@lazyphotos/service-kit';
import type { Device, PrismaClient } from '../generated/prisma/client.js';
import type { SignedIn } from '../sessions/signed-in.js';
import type { Devices } from './devices.js';

const toDevice = (row: Device) => ({
  id: row.id,
  platform: platforms.find((platform) => platform === row.platform) ?? 'web',
  model: row.model,
  appVersion: row.appVersion,
  ...(row.name === null ? {} : { name: row.name }),
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
});

export function mountDevices(
  { mount }: ServiceApp,
  deps: { db: PrismaClient; devices: Devices; signedIn: SignedIn },
): void {
  const { db, devices, signedIn } = deps;

  mount(endpoints.registerDevice, async (call) => {
    const { id: userId } = await signedIn(call.principal);
    const request = keyedRequest(endpoints.registerDevice, call);
    return db.$transaction((tx) => {
      const register = () => devices.register(tx, userId, call.body);
      return request ? once(tx, request, register) : register();
    });
  });

  mount(endpoints.listDevices, async ({ principal, query }) => {
    const { id } = await signedIn(principal);
    const { items, ...page } = await devices.list(id, query);
    return { devices: items.map(toDevice), ...page };
  });

  mount(endpoints.removeDevice, async ({ principal, params }) => {
    const { id } = await signedIn(principal);
    await devices.remove(id, params.id);
    return undefined;
  });
}
