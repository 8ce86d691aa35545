import type { StorageFolder } from '@lazyphotos/contracts';
import type { ObjectStore, UploadUnderWay } from '@lazyphotos/object-storage';
import { describeError, type Logger } from '@lazyphotos/service-kit';
import type { SessionRepository } from './repository.js';

/** Longer than any request takes from beginning an upload to noting its id. */
const GRACE_MS = 86_400_000;
/** Where upload sessions store files. */
const FOLDERS: readonly StorageFolder[] = ['originals', 'archives'];

export interface AbandonedUploadsDeps {
  store: ObjectStore;
  sessions: SessionRepository;
  logger: Logger;
  now: () => Date;
}

/**
 * Aborts uploads in the store that belong to no open session: their process died before it had noted their id. How old an
 * upload is says nothing by itself, since a session lives on with every chunk.
 */
export function createAbortAbandoned({ store, sessions, logger, now }: AbandonedUploadsDeps) {
  const tryAbort = async (upload: UploadUnderWay): Promise<boolean> => {
    try {
      await store.abortUpload(upload);
      return true;
    } catch (error) {
      logger.warn('could not abort an abandoned upload', { key: upload.key, error: describeError(error) });
      return false;
    }
  };
  return async (): Promise<void> => {
    const before = new Date(now().getTime() - GRACE_MS);
    let count = 0;
    for (const folder of FOLDERS) {
      for await (const upload of store.listUploads(`${folder}/`)) {
        if (upload.begunAt >= before || (await sessions.isOpenAt(upload.key))) continue;
        if (await tryAbort(upload)) count += 1;
      }
    }
    if (count > 0) logger.info('abandoned uploads aborted', { count });
  };
}
