import type { Logger } from '@lazyphotos/service-kit';
import type { SessionRepository } from './repository.js';
import type { Staging } from './staging.js';

const BATCH = 100;
const KEEP_ENDED_MS = 30 * 86_400_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export interface ExpiryDeps {
  sessions: SessionRepository;
  staging: Staging;
  abortAbandoned: () => Promise<void>;
  finishDeletions: () => Promise<void>;
  logger: Logger;
  now: () => Date;
}

/**
 * Ends sessions whose time has run out, then removes what ended sessions have left in the store. Ending comes first, so that
 * no chunk can be recorded while its file is being removed; a session that cannot be cleaned does not hold up the rest and
 * comes again with the next run. Last come uploads that no session knows of, and archives whose deletion was interrupted.
 */
export function createExpiry(deps: ExpiryDeps) {
  const { sessions, staging, abortAbandoned, finishDeletions, logger, now } = deps;
  const clean = async (): Promise<void> => {
    for (let after = FIRST_ID; ; ) {
      const batch = await sessions.uncleaned(after, BATCH);
      for (const session of batch) {
        after = session.id;
        await staging.tryDiscard(session);
      }
      if (batch.length < BATCH) return;
    }
  };
  return async (): Promise<number> => {
    const expired = await sessions.expireOverdue();
    if (expired > 0) logger.info('upload sessions expired', { count: expired });
    await clean();
    await sessions.forgetEnded(new Date(now().getTime() - KEEP_ENDED_MS));
    await abortAbandoned();
    await finishDeletions();
    return expired;
  };
}
