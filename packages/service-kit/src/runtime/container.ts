import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@lazyphotos/contracts';
import { createAuthenticate } from '../auth/authenticate.js';
import type { KeySetSource } from '../auth/key-cache.js';
import { readServiceIdentity, type ServiceIdentity } from '../auth/service-identity.js';
import { onIdleError } from '../events.js';
import type { Chassis } from '../http/app.js';
import { createPeers, type Peers } from '../http/peer.js';
import { createPeerGuard } from '../http/peer-guard.js';
import { createLogger, describeError, type Logger } from '../logger.js';
import { createMetrics, serveMetrics } from '../metrics.js';
import type { SettingKey, Settings } from '../settings/catalog.js';
import { type Environment, readSettings, SettingsError } from '../settings/read.js';
import { createHttpServer, listen } from './http-server.js';
import { createStopList, runUntilStopped, type StopList } from './lifecycle.js';
import type { Service } from './service.js';

const commonKeys = [
  'port',
  'host',
  'publicUrl',
  'metricsPort',
  'logLevel',
  'validateAnswers',
  'databaseUrl',
  'databasePool',
] as const;
const identityKeys = ['serviceKey', 'peerKeys'] as const;
/**
 * How long answers say `Connection: close` before the server stops listening: connections in use end by agreement, so that no
 * request of the gateway meets one that is just being closed.
 */
const DRAIN_MS = 1000;
type CommonKey = (typeof commonKeys)[number];

export interface ContainerContext<K extends SettingKey> {
  settings: Settings<K | CommonKey>;
  logger: Logger;
  /** The base of every URL that the API answers. */
  publicUrl: string;
  /** What `compose` opens is added here, to be closed in reverse order. */
  stops: StopList;
  /** How the service's own database is opened, once it is migrated. */
  databaseOptions: {
    url: string;
    poolSize: number;
    applicationName: string;
    onIdleError: (error: Error) => void;
    onWaiting: (reason: string) => void;
  };
  /** Calls the other services, and tells them who calls. */
  peers: Peers;
  /** `keySet` answers the keys that access tokens are verified with. */
  chassis(keySet: KeySetSource): Chassis;
}

export interface ContainerOptions<K extends SettingKey> {
  name: ServiceName;
  version: string;
  env: Environment;
  settings: readonly K[];
  /** Of the gateway only: answers whoever comes. The other services answer nobody but each other and the gateway. */
  isPublic?: boolean;
  compose(context: ContainerContext<K>): Promise<Service>;
}

/** The life of a service that has a process to itself: settings, adapters, service, servers; then drain on SIGTERM. */
export async function runContainer<K extends SettingKey>(options: ContainerOptions<K>): Promise<void> {
  const { name, env } = options;
  const { settings, identity } = orExit(() => {
    const all = readSettings(env, [...commonKeys, ...identityKeys, ...options.settings]);
    return { settings: all as Settings<K | CommonKey>, identity: readServiceIdentity(name, all) };
  });
  const common: Settings<CommonKey> = settings;
  const logger = createLogger({ level: common.logLevel }).child({ service: name });
  const stops = createStopList(logger);
  let listening: Listening;
  try {
    listening = await start(options, settings, identity, logger, stops);
  } catch (error) {
    const isSettings = hasSettingsCode(error);
    if (isSettings) process.stderr.write(`${(error as Error).message}\n`);
    else logger.error('could not start', { error: describeError(error) });
    await stops.stopAll();
    process.exitCode = isSettings ? 2 : 1;
    return;
  }
  const stopped = runUntilStopped(stops, logger);
  // Only now, since whoever reads this may ask it to stop.
  logger.info('listening', { ...listening });
  await stopped;
}

interface Listening {
  host: string;
  port: number;
  metricsPort: number;
}

async function start<K extends SettingKey>(
  { name, version, isPublic, compose }: ContainerOptions<K>,
  settings: Settings<K | CommonKey>,
  identity: ServiceIdentity,
  logger: Logger,
  stops: StopList,
): Promise<Listening> {
  const common: Settings<CommonKey> = settings;
  const metrics = createMetrics();
  const host = common.host ?? '0.0.0.0';
  const publicUrl = common.publicUrl ?? `http://localhost:${common.port}`;
  const peers = createPeers(identity);
  stops.add('peers', peers.close);
  const chassis = (keySet: KeySetSource): Chassis => ({
    name,
    version,
    logger,
    metrics,
    authenticate: createAuthenticate(keySet),
    validateAnswers: common.validateAnswers,
    peerGuard: isPublic ? undefined : createPeerGuard(identity, logger),
  });
  const databaseOptions = {
    url: common.databaseUrl,
    poolSize: common.databasePool,
    applicationName: name,
    onIdleError: onIdleError(logger),
    onWaiting: (reason: string) => logger.warn('waiting for the database', { reason }),
  };
  const service = await compose({ settings, logger, publicUrl, stops, databaseOptions, peers, chassis });
  await service.start();
  stops.add('service', () => service.stop());
  const metricsServer = await serveMetrics(metrics.registry, common.metricsPort, host);
  stops.add('metrics', () => metricsServer.close(0));
  const server = await listen(createHttpServer(service.handler), common.port, host);
  stops.add('http', async () => {
    server.drain();
    await sleep(DRAIN_MS);
    await server.close();
  });
  return { host, port: server.port, metricsPort: metricsServer.port };
}

/** Adapters find faults in settings too, and have their own class for them. */
const hasSettingsCode = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'invalid_settings';

/** Wrong settings are the operator's to mend: a line each, and no stack. */
function orExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
