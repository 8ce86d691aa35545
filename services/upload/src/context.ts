import type { CatalogApi } from '@lazyphotos/contracts';
import type { Database, UnitOfWork } from '@lazyphotos/database';
import type { ObjectStore } from '@lazyphotos/object-storage';
import type { Logger, RefuseEvent } from '@lazyphotos/service-kit';
import type { KeyedLock } from '@lazyphotos/system';
import type { ChunkLock } from './chunks/chunk-lock.js';
import type { PrefixHashes } from './chunks/prefix-hash.js';
import type { ClientActivity } from './client-activity.js';
import type { UploadSettings } from './config.js';
import type { MalwareScanner } from './malware/scan.js';
import type { UploadMetrics } from './metrics.js';
import type { UploadDb, UploadTx } from './prisma.js';
import type { UploadSessions } from './sessions/sessions.js';
import type { UploadRoom } from './upload-room.js';

/** What requests, imports and the work in the background share; service.ts makes it once. */
export interface UploadContext {
  /** For the prepared statements of the hot paths. */
  database: Database;
  db: UploadDb;
  unitOfWork: UnitOfWork<UploadTx>;
  store: ObjectStore;
  catalog: CatalogApi;
  sessions: UploadSessions;
  prefixes: PrefixHashes;
  chunkLock: ChunkLock;
  /** By the id of the session that is being completed. */
  sessionLock: KeyedLock;
  /** By the user whose oldest session is being replaced. */
  replaceLock: KeyedLock;
  /** By the user and the hash of a photo that is being imported. */
  importLock: KeyedLock;
  /** Uploads are scanned only if there is one. */
  scanner: MalwareScanner | undefined;
  /** What clients are uploading now, so that imports can wait. */
  clients: ClientActivity;
  /** What may still be written to the disk. */
  room: UploadRoom;
  settings: UploadSettings;
  publicUrl: string;
  metrics: UploadMetrics;
  refuse: RefuseEvent;
  logger: Logger;
  now: () => Date;
}
