import { endpoints, PLATFORMS } from '@lazyphotos/contracts';
import { once } from '@lazyphotos/database';
import { keyedRequest, type ServiceApp } from '@lazyphotos/service-kit';
import type { AuthDb, Device } from '../prisma.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Devices } from './devices.js';

export function mountDevices(
  { mount }: ServiceApp,
  { db, devices, sessions }: { db: AuthDb; devices: Devices; sessions: Sessions },
): void {
  mount(endpoints.registerDevice, async (call) => {
    const { id: userId } = await sessions.requireUser(call.principal);
    const request = keyedRequest(endpoints.registerDevice, call);
    return db.$transaction((tx) => {
      const register = () => devices.register(tx, userId, call.body);
      return request ? once(tx, request, register) : register();
    });
  });

  mount(endpoints.listDevices, async ({ principal, query }) => {
    const { id } = await sessions.requireUser(principal);
    const { items, ...page } = await devices.list(id, query);
    return { devices: items.map(toDevice), ...page };
  });

  mount(endpoints.removeDevice, async ({ principal, params }) => {
    const { id } = await sessions.requireUser(principal);
    await devices.remove(id, params.id);
    return undefined;
  });
}

const toDevice = (row: Device) => ({
  id: row.id,
  platform: PLATFORMS.find((platform) => platform === row.platform) ?? 'web',
  model: row.model,
  appVersion: row.appVersion,
  ...(row.name === null ? {} : { name: row.name }),
  createdAt: row.createdAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
});
