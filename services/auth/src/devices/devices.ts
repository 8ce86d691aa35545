import { newestFirst, newId, notFound, type PageQuery, toPage } from '@lazyphotos/service-kit';
import type { AuthDb, AuthTx, Device } from '../prisma.js';

export interface NewDevice {
  platform: string;
  model: string;
  appVersion: string;
  name?: string | undefined;
}

export class Devices {
  constructor(
    private readonly db: AuthDb,
    private readonly now: () => Date,
  ) {}

  async register(tx: AuthTx, userId: string, device: NewDevice): Promise<{ deviceId: string }> {
    const now = this.now();
    const { platform, model, appVersion, name = null } = device;
    const id = newId();
    await tx.device.create({
      data: { id, userId, platform, model, appVersion, name, createdAt: now, lastSeenAt: now },
    });
    return { deviceId: id };
  }

  async list(userId: string, query: PageQuery) {
    const { where, ...page } = newestFirst(query);
    const rows: Device[] = await this.db.device.findMany({ where: { ...where, userId }, ...page });
    return toPage(rows, query.limit);
  }

  /**
   * Deletes sessions first: a refresh locks its session before the device, and no transaction that locks a device waits for a session.
   * @throws ProblemError `not_found`
   */
  async remove(userId: string, id: string): Promise<void> {
    await this.db.$transaction(async (tx) => {
      await tx.session.deleteMany({ where: { deviceId: id, userId } });
      const { count } = await tx.device.deleteMany({ where: { id, userId } });
      if (count === 0) throw notFound('device');
    });
  }

  /** Locks the device, so that it cannot be removed before its new session exists. @throws ProblemError `not_found` */
  async lockForSignIn(tx: AuthTx, userId: string, id: string): Promise<void> {
    const data = { lastSeenAt: this.now() };
    const { count } = await tx.device.updateMany({ where: { id, userId }, data });
    if (count === 0) throw notFound('device');
  }

  /** Does nothing when the device has been removed. */
  async markSeen(id: string): Promise<void> {
    await this.db.device.updateMany({ where: { id }, data: { lastSeenAt: this.now() } });
  }
}
