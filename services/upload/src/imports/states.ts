import { translateDatabaseError } from '@lazyphotos/database';
import { toProblem } from '@lazyphotos/service-kit';
import type { Import } from '../generated/prisma/client.js';
import type { UploadDb } from '../prisma.js';
import { NoRoomError } from './space.js';

/** How soon an import is tried again that waits for room, or for another part of the node. */
const RETRY_MS = 15_000;

const NOT_PAUSED = { pauseReason: null, pauseMessage: null, retryAt: null };
const UNFINISHED = { in: ['pending', 'running'] };

/**
 * How the runner changes an import:
 *
 *     pending ──begin──▶ running ──finish──▶ completed, or failed when no part could be listed
 *                           └─────fail────▶ failed
 *
 * `pause` and `unpause` leave the status as it is. Users cancel, pause, resume and add parts (jobs.ts) at any time, so each change here
 * names the state that it starts from.
 */
export class ImportStates {
  constructor(
    private readonly db: UploadDb,
    private readonly now: () => Date,
  ) {}

  /** Resolves to the oldest unfinished import of each user, unless it is paused; the one that has waited longest comes first. */
  runnable(): Promise<{ id: string; userId: string }[]> {
    return this.db.$queryRaw`
      SELECT id, user_id AS "userId" FROM (
        SELECT DISTINCT ON (user_id) id, user_id, worked_at FROM imports
        WHERE status IN ('pending', 'running') AND (pause_reason IS NULL OR retry_at <= ${this.now()})
        ORDER BY user_id, id
      ) AS next ORDER BY worked_at`;
  }

  /** Resolves to the import as it is now; to undefined if it is not to be worked on. */
  async findRunnable(id: string): Promise<Import | undefined> {
    const row = await this.db.import.findUnique({ where: { id } });
    if (row?.status !== 'pending' && row?.status !== 'running') return undefined;
    const isPaused = row.pauseReason !== null && (row.retryAt === null || row.retryAt > this.now());
    return isPaused ? undefined : row;
  }

  async begin({ id, startedAt }: Import): Promise<void> {
    await this.db.import.updateMany({
      where: { id, status: 'pending' },
      data: { status: 'running', startedAt: startedAt ?? this.now() },
    });
  }

  /** Ends an import whose entries all have their outcome, unless another part has come meanwhile. Resolves to the import if it ended. */
  async finish(id: string): Promise<Import | undefined> {
    const listed = await this.db.importPart.count({ where: { importId: id, state: 'listed' } });
    const [ended] = await this.db.import.updateManyAndReturn({
      where: { id, status: 'running', waiting: 0, parts: { none: { state: 'waiting' } } },
      data: { status: listed > 0 ? 'completed' : 'failed', finishedAt: this.now(), ...NOT_PAUSED },
    });
    return ended;
  }

  /** Makes an import wait because of a fault, with the reason for its user. An import that its user has paused stays as it is. */
  async pause(id: string, fault: unknown): Promise<void> {
    const notByUser = [{ pauseReason: null }, { pauseReason: { not: 'user' } }];
    await this.db.import.updateMany({
      where: { id, status: UNFINISHED, OR: notByUser },
      data: { ...reasonOf(fault), retryAt: new Date(this.now().getTime() + RETRY_MS) },
    });
  }

  /** Ends a pause because of a fault, once there was progress. */
  async unpause(id: string): Promise<void> {
    await this.db.import.updateMany({ where: { id, pauseReason: { not: 'user' } }, data: NOT_PAUSED });
  }

  /** Ends an import after several occurrences of the same unexpected error. */
  async fail(id: string): Promise<void> {
    await this.db.import.updateMany({
      where: { id, status: UNFINISHED },
      data: { status: 'failed', finishedAt: this.now(), ...NOT_PAUSED },
    });
  }

  async recordRate(id: string, bytesPerSecond: number): Promise<void> {
    await this.db.import.update({ where: { id }, data: { bytesPerSecond } });
  }

  async recordWork(id: string): Promise<void> {
    await this.db.import.update({ where: { id }, data: { workedAt: this.now() } });
  }
}

/** Returns whether nothing explains an error: neither a fault of the node nor a problem of a request. */
export const isUnexpected = (error: unknown): boolean =>
  toProblem(error, [translateDatabaseError]).code === 'internal_error';

function reasonOf(fault: unknown): { pauseReason: string; pauseMessage: string } {
  if (fault instanceof NoRoomError) return { pauseReason: 'storage_full', pauseMessage: fault.message };
  switch (toProblem(fault, [translateDatabaseError]).code) {
    case 'storage_full':
      return { pauseReason: 'storage_full', pauseMessage: 'The storage is full.' };
    case 'internal_error':
      return {
        pauseReason: 'service_unavailable',
        pauseMessage:
          'An unexpected error occurred; the import tries again. The log of the upload service has more.',
      };
    default:
      return {
        pauseReason: 'service_unavailable',
        pauseMessage: 'Another part of the node is not available; the import continues when it is back.',
      };
  }
}
