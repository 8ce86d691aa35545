import type { StorageFolder } from '@lazyphotos/contracts';
import type { UploadUnderWay } from '@lazyphotos/object-storage';
import { describeError } from '@lazyphotos/service-kit';
import { finishDeletions } from '../archives.js';
import type { UploadContext } from '../context.js';

const BATCH = 100;
const KEEP_ENDED_MS = 30 * 86_400_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** Longer than any request takes from beginning a staged upload to storing its id. */
const GRACE_MS = 86_400_000;
/** Where upload sessions store files. */
const FOLDERS: readonly StorageFolder[] = ['originals', 'archives'];

/**
 * Ends sessions whose time has run out, then removes what ended sessions have left in the store. Sessions are ended first, so that no
 * chunk can be recorded while its file is being removed; a session that cannot be cleaned does not delay the others, and the next run
 * tries again. Finally come staged uploads that belong to no session, and archives whose deletion was interrupted. Resolves to the number
 * of sessions that have expired.
 */
export async function expireSessions(context: UploadContext): Promise<number> {
  const { sessions, logger, now } = context;
  const expired = await sessions.expireOverdue();
  if (expired > 0) logger.info('upload sessions expired', { count: expired });
  await discardEnded(context);
  await sessions.forgetEnded(new Date(now().getTime() - KEEP_ENDED_MS));
  await abortAbandoned(context);
  await finishDeletions(context);
  return expired;
}

async function discardEnded({ sessions }: UploadContext): Promise<void> {
  for (let after = FIRST_ID; ; ) {
    const batch = await sessions.toDiscard(after, BATCH);
    for (const session of batch) {
      after = session.id;
      await sessions.tryDiscard(session);
    }
    if (batch.length < BATCH) return;
  }
}

/**
 * Aborts staged uploads that belong to no open session: their process ended before it had stored their id. The age of an upload proves
 * nothing, since each chunk gives its session more time.
 */
async function abortAbandoned(context: UploadContext): Promise<void> {
  const { store, sessions, logger, now } = context;
  const before = new Date(now().getTime() - GRACE_MS);
  let count = 0;
  for (const folder of FOLDERS) {
    for await (const upload of store.listUploads(`${folder}/`)) {
      if (upload.begunAt >= before || (await sessions.isOpenAt(upload.key))) continue;
      if (await tryAbort(context, upload)) count += 1;
    }
  }
  if (count > 0) logger.info('abandoned uploads aborted', { count });
}

async function tryAbort({ store, logger }: UploadContext, upload: UploadUnderWay): Promise<boolean> {
  try {
    await store.abortUpload(upload);
    return true;
  } catch (error) {
    logger.warn('could not abort an abandoned upload', { key: upload.key, error: describeError(error) });
    return false;
  }
}
