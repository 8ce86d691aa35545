import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { topology } from '@lazyphotos/contracts';
import { startPostgres } from '@lazyphotos/embedded-postgres';
import { createPgBossBus } from '@lazyphotos/messaging';
import { createFilesystemStore } from '@lazyphotos/object-storage';
import { busObserver } from '@lazyphotos/runtime';
import {
  createHttpServer,
  createMetrics,
  type Logger,
  listen,
  type Metrics,
  type StopList,
  serveMetrics,
} from '@lazyphotos/service-kit';
import { type DataFolder, emptyScratch, readMediaSigningKey } from './data-folder.js';
import { openDatabases } from './databases.js';
import type { DiskReserve } from './disk-reserve.js';
import { composeServices } from './services.js';
import type { NodeSettings } from './settings.js';
import { watchPostgres } from './watch-postgres.js';

export interface NodeOptions {
  settings: NodeSettings;
  folder: DataFolder;
  reserve: DiskReserve;
  logger: Logger;
  /** Gets what was started; the caller stops it, also when the start fails half-way. */
  stops: StopList;
  /** Called with each step of the start, for people. */
  progress: (step: string) => void;
}

export interface RunningNode {
  url: string;
  /** Of an unclaimed node. */
  claimCode: string | undefined;
  /** Resolves with the reason when the node must end without a signal. */
  takenOver: Promise<string>;
}

/** Starts PostgreSQL, or adopts a running one, and locks the data folder for this process. */
async function startDatabaseServer({ folder, reserve, logger, stops, progress }: NodeOptions) {
  progress('Starting PostgreSQL');
  const postgres = await startPostgres({ dataDir: folder.postgres, log: (line) => logger.debug(line) });
  try {
    const watch = await watchPostgres(postgres, logger, progress, () => reserve.releaseForStart());
    stops.add('data folder', watch.release);
    stops.add('postgres', () => postgres.stop());
    stops.add('watch', watch.stop);
    watch.start();
    return { postgres, watch };
  } catch (error) {
    // A server that another node uses must not be stopped; one that this process has started must.
    if (!postgres.adopted) await postgres.stop();
    throw error;
  }
}

/** Starts a whole node in this process: PostgreSQL, bus, store, six services, two ports. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { settings, folder, reserve, logger, stops, progress } = options;
  const metrics = createMetrics();
  reserve.measure(metrics);
  // Ports first: a second node on this machine must fail before it touches the database.
  const ports = await openPorts(options, metrics);
  const { postgres, watch } = await startDatabaseServer(options);
  await emptyScratch(folder);
  progress('Opening the databases');
  const poolSize = settings.databasePool;
  const databases = await openDatabases({ postgres, poolSize, stops, logger, metrics });
  const bus = await createPgBossBus({
    url: postgres.url('bus'),
    topology,
    observer: busObserver(metrics, logger),
    exclusive: true,
  });
  stops.add('bus', bus.close);
  // The lock on the data folder keeps other nodes away from it.
  const store = await createFilesystemStore({ root: folder.storage, exclusive: true });
  stops.add('store', store.close);
  const publicUrl = settings.publicUrl ?? `http://localhost:${ports.port}`;
  const mediaSigningKey = await readMediaSigningKey(folder.keys);
  const { services, gateway, auth } = composeServices({
    settings,
    publicUrl,
    folder,
    databases,
    bus,
    store,
    mediaSigningKey,
    logger,
    metrics,
  });
  const diskWatch = reserve.watch(logger, () => postgres.checkpoint());
  stops.add('disk', diskWatch.stop);
  diskWatch.start();
  progress('Starting the services');
  for (const service of services) {
    await service.start();
    stops.add(service.name, () => service.stop());
  }
  ports.serve(gateway.handler);
  const { host, port, metricsPort } = ports;
  logger.info('the node is up', { url: publicUrl, host, port, metricsPort });
  return { url: publicUrl, claimCode: await auth.claimCode(), takenOver: watch.takenOver };
}

/** Opens both ports. Requests get a 503 until `serve` is called. */
async function openPorts({ settings, stops }: NodeOptions, metrics: Metrics) {
  const host = settings.host ?? '127.0.0.1';
  let handler: RequestListener = (_req, res) => {
    res.writeHead(503, { 'Retry-After': '1' }).end();
  };
  const server = await listen(
    createHttpServer((req, res) => handler(req, res)),
    settings.port,
    host,
  );
  stops.add('port', () => server.close(0));
  const metricsServer = await serveMetrics(metrics.registry, settings.metricsPort, host);
  stops.add('metrics', () => metricsServer.close(0));
  return {
    host,
    port: server.port,
    metricsPort: metricsServer.port,
    /** From now on a stop begins with the port, and lets requests end. */
    serve: (serving: RequestListener) => {
      handler = serving;
      stops.add('http', () => server.close());
    },
  };
}

export const logFileOf = (folder: DataFolder): string => join(folder.logs, 'lazyphotos.log');
