import type { PostgresServer } from '@lazyphotos/embedded-postgres';
import { createPeriodic, type Logger, type Periodic } from '@lazyphotos/service-kit';

const INTERVAL_MS = 5000;

/** Starts the embedded PostgreSQL again should it die under the node; until then requests answer 503. */
export function watchPostgres(postgres: PostgresServer, logger: Logger): Periodic {
  const look = async () => {
    if (await postgres.isAlive()) return;
    logger.error('PostgreSQL is down; starting it again');
    await postgres.ensureRunning();
    logger.info('PostgreSQL is back');
  };
  return createPeriodic('the watch over PostgreSQL', INTERVAL_MS, look, logger);
}
