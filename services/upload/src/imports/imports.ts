import type { CatalogApi } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { type Chassis, createPeriodic, type ServiceApp, type Settings } from '@lazyphotos/service-kit';
import type { StoreChunk } from '../chunks/store.js';
import type { Announce } from '../completion/announce.js';
import type { CompleteUpload } from '../completion/complete.js';
import type { UploadDb } from '../prisma.js';
import type { CreateSession } from '../sessions/create.js';
import type { SessionRepository } from '../sessions/repository.js';
import type { ClientActivity } from './client-activity.js';
import { createImportDir } from './import-dir.js';
import { createImportPhoto } from './import-photo.js';
import { createImportJobs } from './jobs.js';
import { createImportMetrics } from './metrics.js';
import { createFindParts } from './parts.js';
import { createSendReport } from './report.js';
import { mountImportRoutes } from './routes.js';
import { createImportRunner } from './runner.js';
import { createSpace } from './space.js';
import { defaultArchiveLimits } from './zip/index.js';

/** Requests nudge the runner; this is for imports that wait for something, and for what an earlier process has left. */
const POLL_MS = 5000;

export interface ImportsDeps {
  chassis: Chassis;
  db: UploadDb;
  database: Database;
  store: ObjectStore;
  catalog: CatalogApi;
  sessions: SessionRepository;
  createSession: CreateSession;
  storeChunk: StoreChunk;
  complete: CompleteUpload;
  announce: Announce;
  clients: ClientActivity;
  settings: Settings<'uploadMaxBytes' | 'importDir' | 'importReserveBytes'>;
  now: () => Date;
  pollMs?: number | undefined;
}

/** Imports of archives: the API, and the work in the background. */
export function createImports(service: ServiceApp, deps: ImportsDeps) {
  const { chassis, db, database, store, catalog, sessions, announce, clients, settings, now } = deps;
  const { logger } = chassis;
  const importDir = createImportDir(settings.importDir);
  const space = createSpace(db, store, settings.importReserveBytes);
  const importPhoto = createImportPhoto({
    space,
    db,
    sessions,
    createSession: deps.createSession,
    storeChunk: deps.storeChunk,
    complete: deps.complete,
    maxBytes: settings.uploadMaxBytes,
  });
  const run = createImportRunner({
    db,
    database,
    store,
    catalog,
    importDir,
    importPhoto,
    space,
    waitForClients: clients.waitUntilQuiet,
    announceAgain: announce.announcePhotos,
    limits: defaultArchiveLimits,
    metrics: createImportMetrics(chassis.metrics),
    logger,
    now,
  });
  const running = createPeriodic('imports', deps.pollMs ?? POLL_MS, run, logger);
  const jobs = createImportJobs({
    db,
    findParts: createFindParts(db, importDir),
    now,
    onWork: running.nudge,
  });
  mountImportRoutes(service, jobs, createSendReport({ db, catalog }));
  return { start: running.start, stop: running.stop };
}
