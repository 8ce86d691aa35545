import { newId, notFound } from '@lazyphotos/service-kit';
import type { Clock, Tx } from '../context.js';
import type { Device, PrismaClient } from '../generated/prisma/client.js';
import { newestFirst, type PageQuery, toPage } from '../pages.js';

export interface NewDevice {
  platform: string;
  model: string;
  appVersion: string;
  name?: string | undefined;
}

export function createDevices({ db, clock }: { db: PrismaClient; clock: Clock }) {
  return {
    register: async (tx: Tx, userId: string, device: NewDevice): Promise<{ deviceId: string }> => {
      const now = clock();
      const { platform, model, appVersion, name = null } = device;
      const data = {
        id: newId(),
        userId,
        platform,
        model,
        appVersion,
        name,
        createdAt: now,
        lastSeenAt: now,
      };
      await tx.device.create({ data });
      return { deviceId: data.id };
    },

    list: async (userId: string, query: PageQuery) => {
      const { where, ...page } = newestFirst(query);
      const rows: Device[] = await db.device.findMany({ where: { ...where, userId }, ...page });
      return toPage(rows, query.limit);
    },

    /**
     * Sessions first: a refresh under way holds its session, and nobody who holds a device waits for a session.
     * @throws ProblemError `not_found`
     */
    remove: (userId: string, id: string): Promise<void> =>
      db.$transaction(async (tx) => {
        await tx.session.deleteMany({ where: { deviceId: id, userId } });
        const { count } = await tx.device.deleteMany({ where: { id, userId } });
        if (count === 0) throw notFound('device');
      }),

    /** Keeps the device from being removed until the session that is bound to it exists. @throws ProblemError `not_found` */
    claimForLogin: async (tx: Tx, userId: string, id: string): Promise<void> => {
      const { count } = await tx.device.updateMany({ where: { id, userId }, data: { lastSeenAt: clock() } });
      if (count === 0) throw notFound('device');
    },

    /** The device may be gone by now, which is no concern of whoever used it. */
    seen: async (id: string): Promise<void> => {
      await db.device.updateMany({ where: { id }, data: { lastSeenAt: clock() } });
    },
  };
}
export type Devices = ReturnType<typeof createDevices>;
