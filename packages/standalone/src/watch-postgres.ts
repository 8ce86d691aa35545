import { DataFolderInUseError, type HeldLock, type PostgresServer } from '@lazyphotos/embedded-postgres';
import { createPeriodic, type Logger } from '@lazyphotos/service-kit';

const INTERVAL_MS = 5000;
/** How long a node that is stopping may keep the data folder; its process exits after 25 s at the latest. */
const PREDECESSOR_MS = 30_000;

export interface PostgresWatch {
  start(): void;
  stop(): Promise<void>;
  /** Releases the lock of the data folder. */
  release(): Promise<void>;
  /** Resolves when another node has taken over the data folder; this one must end. */
  readonly takenOver: Promise<string>;
}

/**
 * Locks the data folder for this process. If PostgreSQL ends, it is started again, and the folder is locked again, because the lock is
 * lost with the server. Until then requests get a 503. `beforeStart` makes room for it on a full disk.
 * @throws DataFolderInUseError
 */
export async function watchPostgres(
  postgres: PostgresServer,
  logger: Logger,
  progress: (step: string) => void,
  beforeStart: () => Promise<unknown>,
): Promise<PostgresWatch> {
  if (postgres.adopted) progress('PostgreSQL was running already; waiting for the other node to stop');
  let held: HeldLock = await postgres.lock('node', { waitMs: PREDECESSOR_MS });
  const taken = Promise.withResolvers<string>();

  const look = async () => {
    if (!(await postgres.isAlive())) {
      logger.error('PostgreSQL is down; starting it again');
      await beforeStart();
      await postgres.ensureRunning();
      logger.info('PostgreSQL is back');
    }
    if (!held.lost.aborted) return;
    try {
      held = await postgres.lock('node', { waitMs: 0 });
    } catch (error) {
      if (!(error instanceof DataFolderInUseError)) throw error;
      taken.resolve('another node has taken over the data folder');
    }
  };
  const { start, stop } = createPeriodic('the watch over PostgreSQL', INTERVAL_MS, look, logger);
  return { start, stop, release: () => held.release(), takenOver: taken.promise };
}
