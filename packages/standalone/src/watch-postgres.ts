import { DataFolderInUseError, type HeldLock, type PostgresServer } from '@lazyphotos/embedded-postgres';
import { createPeriodic, type Logger } from '@lazyphotos/service-kit';

const INTERVAL_MS = 5000;
/** How long a predecessor that is just draining may keep the data folder; it ends hard after 25 s. */
const PREDECESSOR_MS = 30_000;

export interface PostgresWatch {
  start(): void;
  stop(): Promise<void>;
  /** Gives the data folder back. */
  release(): Promise<void>;
  /** Resolves when another node has taken the data folder over; this one must end. */
  readonly takenOver: Promise<string>;
}

/**
 * Takes the data folder for this process and keeps it: should PostgreSQL die under the node, it is started again, and the
 * folder is taken again, since the lock died with the server. Until then requests answer 503.
 * @throws DataFolderInUseError
 */
export async function watchPostgres(
  postgres: PostgresServer,
  logger: Logger,
  progress: (step: string) => void,
): Promise<PostgresWatch> {
  if (postgres.adopted) progress('PostgreSQL was running already; waiting for the node that had it to leave');
  let held: HeldLock = await postgres.lock('node', { waitMs: PREDECESSOR_MS });
  const taken = Promise.withResolvers<string>();

  const look = async () => {
    if (!(await postgres.isAlive())) {
      logger.error('PostgreSQL is down; starting it again');
      await postgres.ensureRunning();
      logger.info('PostgreSQL is back');
    }
    if (!held.lost.aborted) return;
    try {
      held = await postgres.lock('node', { waitMs: 0 });
    } catch (error) {
      if (!(error instanceof DataFolderInUseError)) throw error;
      taken.resolve('another node has taken the data folder over');
    }
  };
  const { start, stop } = createPeriodic('the watch over PostgreSQL', INTERVAL_MS, look, logger);
  return { start, stop, release: () => held.release(), takenOver: taken.promise };
}
