import type { RequestHandler } from 'express';
import { createAuthenticate } from '../auth/authenticate.js';
import type { KeySetSource } from '../auth/key-cache.js';
import type { Chassis } from '../http/app.js';
import { createLogger, describeError, type Logger } from '../logger.js';
import { createMetrics, serveMetrics } from '../metrics.js';
import type { SettingKey, Settings } from '../settings/catalog.js';
import { type Environment, readSettings, SettingsError } from '../settings/read.js';
import { createHttpServer, listen } from './http-server.js';
import { createStopList, runUntilStopped, type StopList } from './lifecycle.js';
import type { Service } from './service.js';

const commonKeys = ['port', 'host', 'publicUrl', 'metricsPort', 'logLevel', 'validateAnswers'] as const;
type CommonKey = (typeof commonKeys)[number];

export interface ContainerContext<K extends SettingKey> {
  settings: Settings<K | CommonKey>;
  logger: Logger;
  /** The base of every URL that the API answers. */
  publicUrl: string;
  /** What `compose` opens is added here, to be closed in reverse order. */
  stops: StopList;
  /** `keySet` answers the keys that access tokens are verified with. */
  chassis(keySet: KeySetSource): Chassis;
}

export interface ContainerOptions<K extends SettingKey> {
  name: string;
  version: string;
  env: Environment;
  settings: readonly K[];
  compose(context: ContainerContext<K>): Promise<Service>;
}

/** The life of a service that has a process to itself: settings, adapters, service, servers; then drain on SIGTERM. */
export async function runContainer<K extends SettingKey>(options: ContainerOptions<K>): Promise<void> {
  const { name, version, env, compose } = options;
  const settings = readOrExit(env, [...commonKeys, ...options.settings]) as Settings<K | CommonKey>;
  const common: Settings<CommonKey> = settings;
  const logger = createLogger({ level: common.logLevel }).child({ service: name });
  const metrics = createMetrics();
  const stops = createStopList(logger);
  const host = common.host ?? '0.0.0.0';
  const publicUrl = common.publicUrl ?? `http://localhost:${common.port}`;
  try {
    const chassis = (keySet: KeySetSource): Chassis => {
      const authenticate: RequestHandler = createAuthenticate(keySet);
      return { name, version, logger, metrics, authenticate, validateAnswers: common.validateAnswers };
    };
    const service = await compose({ settings, logger, publicUrl, stops, chassis });
    await service.start();
    stops.add('service', () => service.stop());
    const metricsServer = await serveMetrics(metrics.registry, common.metricsPort, host);
    stops.add('metrics', () => metricsServer.close(0));
    const server = await listen(createHttpServer(service.handler), common.port, host);
    stops.add('http', () => server.close());
    logger.info('listening', { host, port: server.port, metricsPort: metricsServer.port });
  } catch (error) {
    logger.error('could not start', { error: describeError(error) });
    await stops.stopAll();
    process.exitCode = 1;
    return;
  }
  await runUntilStopped(stops, logger);
}

/** Wrong settings are the operator's to mend: a line each, and no stack. */
function readOrExit<K extends SettingKey>(env: Environment, keys: readonly K[]): Settings<K> {
  try {
    return readSettings(env, keys);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
