import { toProblem } from '@lazyphotos/service-kit';
import type { Import } from '../generated/prisma/client.js';
import type { UploadDb } from '../prisma.js';
import { NoRoomError } from './space.js';

/** How soon an import is tried again that waits for room, or for another part of the node. */
const RETRY_MS = 15_000;

const notPaused = { pauseReason: null, pauseMessage: null, retryAt: null };

/**
 * How the runner changes an import:
 *
 *     pending ──begin──▶ running ──finish──▶ completed, or failed when no part could be listed
 *                           └─────fail────▶ failed
 *
 * `pause` and `unpause` leave the status as it is. Users cancel, pause, resume and add parts (jobs.ts), also meanwhile: so each change
 * here names the state that it starts from.
 */
export function createImportStates(db: UploadDb, now: () => Date) {
  return {
    /** The oldest unfinished import of each user, unless it is paused; the one that has waited longest first. */
    runnable: () => db.$queryRaw<{ id: string; userId: string }[]>`
      SELECT id, user_id AS "userId" FROM (
        SELECT DISTINCT ON (user_id) id, user_id, worked_at FROM imports
        WHERE status IN ('pending', 'running') AND (pause_reason IS NULL OR retry_at <= ${now()})
        ORDER BY user_id, id
      ) AS next ORDER BY worked_at`,

    /** The import as it is now, if it is to be worked on. */
    findRunnable: async (id: string): Promise<Import | undefined> => {
      const row = await db.import.findUnique({ where: { id } });
      if (row?.status !== 'pending' && row?.status !== 'running') return undefined;
      const isPaused = row.pauseReason !== null && (row.retryAt === null || row.retryAt > now());
      return isPaused ? undefined : row;
    },

    begin: async ({ id, startedAt }: Import): Promise<void> => {
      await db.import.updateMany({
        where: { id, status: 'pending' },
        data: { status: 'running', startedAt: startedAt ?? now() },
      });
    },

    /** Ends an import whose entries all have their outcome, unless another part has come meanwhile. Resolves to how it ended. */
    finish: async (id: string): Promise<Import | undefined> => {
      const listed = await db.importPart.count({ where: { importId: id, state: 'listed' } });
      const [ended] = await db.import.updateManyAndReturn({
        where: { id, status: 'running', waiting: 0, parts: { none: { state: 'waiting' } } },
        data: { status: listed > 0 ? 'completed' : 'failed', finishedAt: now(), ...notPaused },
      });
      return ended;
    },

    /** Makes an import wait because of a fault, with the reason for its user; one that its user has paused stays as it is. */
    pause: async (id: string, fault: unknown): Promise<void> => {
      await db.import.updateMany({
        where: {
          id,
          status: { in: ['pending', 'running'] },
          OR: [{ pauseReason: null }, { pauseReason: { not: 'user' } }],
        },
        data: { ...pauseFor(fault), retryAt: new Date(now().getTime() + RETRY_MS) },
      });
    },

    /** Ends an import that meets the same unexpected error again and again. */
    fail: async (id: string): Promise<void> => {
      await db.import.updateMany({
        where: { id, status: { in: ['pending', 'running'] } },
        data: { status: 'failed', finishedAt: now(), ...notPaused },
      });
    },

    /** Ends a pause because of a fault, once there was progress. */
    unpause: async (id: string): Promise<void> => {
      await db.import.updateMany({ where: { id, pauseReason: { not: 'user' } }, data: notPaused });
    },

    noteRate: async (id: string, bytesPerSecond: number): Promise<void> => {
      await db.import.update({ where: { id }, data: { bytesPerSecond } });
    },

    noteWork: async (id: string): Promise<void> => {
      await db.import.update({ where: { id }, data: { workedAt: now() } });
    },
  };
}
export type ImportStates = ReturnType<typeof createImportStates>;

function pauseFor(fault: unknown): { pauseReason: string; pauseMessage: string } {
  if (fault instanceof NoRoomError) return { pauseReason: 'storage_full', pauseMessage: fault.message };
  if (toProblem(fault).code === 'storage_full')
    return { pauseReason: 'storage_full', pauseMessage: 'The storage is full.' };
  if (toProblem(fault).code === 'internal_error')
    return {
      pauseReason: 'service_unavailable',
      pauseMessage:
        'An unexpected error occurred; the import tries again. The log of the upload service has more.',
    };
  return {
    pauseReason: 'service_unavailable',
    pauseMessage: 'Another part of the node is not available; the import goes on when it is back.',
  };
}
