import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, VERSION } from '@lazyphotos/contracts';
import {
  addressSettings,
  bodyLimitsOf,
  type Chassis,
  chassisSettings,
  createAuthenticate,
  createHttpServer,
  createLogger,
  createMetrics,
  createPeerGuard,
  describeError,
  type Environment,
  identitySettings,
  type KeySetSource,
  type Logger,
  listen,
  type Metrics,
  Peers,
  readServiceIdentity,
  remoteKeySet,
  runUntilStopped,
  type Service,
  type ServiceIdentity,
  SettingsError,
  type SettingsOf,
  type SettingTable,
  StopList,
  serveMetrics,
} from '@lazyphotos/service-kit';
import { NEEDS, type NeedName, type Needs, openNeeds } from './needs.js';
import { readKnownSettings } from './settings.js';

/**
 * How long responses say `Connection: close` before the server stops listening, so that the gateway ends the connections it uses
 * and sends no request on one that is being closed.
 */
const DRAIN_MS = 1000;

type Callee = keyof typeof addressSettings;

/** What `create` gets: the needs by their names, and what every service has. */
export type ContainerContext<T extends SettingTable, N extends NeedName, C extends Callee> = Pick<
  Needs,
  N
> & {
  settings: SettingsOf<T>;
  chassis: Chassis;
  /** The base of every URL in the API's responses. */
  publicUrl: string;
  /** Calls the other services in the name of this one. */
  peers: Peers;
  /** The addresses of the services that this one calls. */
  urls: Record<C, string>;
  /** What `create` opens itself is added here, to be closed in reverse order. */
  stops: StopList;
};

export interface ContainerOptions<
  T extends SettingTable,
  N extends NeedName,
  C extends Callee,
  S extends Service,
> {
  name: ServiceName;
  env: Environment;
  settings: T;
  needs: readonly N[];
  /** The services that this one calls: every one but auth itself needs auth's key set. */
  calls: readonly C[];
  migrationsPath: string;
  /** Of the gateway only: serves all clients. The other services serve only each other and the gateway. */
  isPublic?: boolean;
  create(context: ContainerContext<T, N, C>): S | Promise<S>;
  /** Runs when the service has started, before its port is open. */
  onStarted?(service: S): Promise<void>;
}

type AnyOptions = ContainerOptions<SettingTable, NeedName, Callee, Service>;
/** All values that were read: those of the chassis, of the needs, of the addresses and of the service. */
type Values = SettingsOf<typeof chassisSettings & typeof identitySettings> & Record<string, unknown>;

/** Runs a service in a process of its own: reads settings, opens adapters, starts service and servers, and drains on SIGTERM. */
export async function runContainer<
  T extends SettingTable,
  N extends NeedName,
  C extends Callee,
  S extends Service,
>(options: ContainerOptions<T, N, C, S>): Promise<void> {
  const { values, identity } = orExit(() => {
    const values: Values = readKnownSettings(options.env, settingsOf(options));
    return { values, identity: readServiceIdentity(options.name, values) };
  });
  const logger = createLogger({ level: values.logLevel }).child({ service: options.name });
  const stops = new StopList(logger);
  let listening: Listening;
  try {
    listening = await start(options as AnyOptions, values, logger, identity, stops);
  } catch (error) {
    const isSettings = error instanceof SettingsError;
    if (isSettings) process.stderr.write(`${error.message}\n`);
    else logger.error('could not start', { error: describeError(error) });
    await stops.stopAll();
    process.exitCode = isSettings ? 2 : 1;
    return;
  }
  const stopped = runUntilStopped(stops, logger);
  // Only now: a reader of this line may send a signal at once.
  logger.info('listening', { ...listening });
  await stopped;
}

interface Listening {
  host: string;
  port: number;
  metricsPort: number;
}

async function start(
  options: AnyOptions,
  values: Values,
  logger: Logger,
  identity: ServiceIdentity,
  stops: StopList,
): Promise<Listening> {
  const publicUrl = values.publicUrl ?? `http://localhost:${values.port}`;
  const urls = values as unknown as Record<Callee, string>;
  const peers = new Peers(identity);
  stops.add('peers', () => peers.close());
  let service: Service | undefined;
  const ownKeySet: KeySetSource = async () => {
    if (!service?.keySet) throw new Error(`${options.name} neither calls auth nor has a key set`);
    return service.keySet();
  };
  const chassis: Chassis = {
    name: options.name,
    version: VERSION,
    logger,
    metrics: createMetrics(),
    authenticate: createAuthenticate(
      options.calls.includes('auth') ? remoteKeySet(peers, urls.auth) : ownKeySet,
    ),
    validateAnswers: values.validateAnswers,
    bodyLimits: bodyLimitsOf(values),
    peerGuard: options.isPublic ? undefined : createPeerGuard(identity, logger),
  };
  const { needs, migrationsPath } = options;
  const opened = await openNeeds(needs, values, { chassis, publicUrl, migrationsPath, stops });
  const created = await options.create({
    ...opened,
    settings: values,
    chassis,
    publicUrl,
    peers,
    urls,
    stops,
  });
  service = created;
  await created.start();
  stops.add('service', () => created.stop());
  await options.onStarted?.(created);
  return openPorts(created, chassis.metrics, values, stops);
}

async function openPorts(
  service: Service,
  metrics: Metrics,
  values: Values,
  stops: StopList,
): Promise<Listening> {
  const host = values.host ?? '0.0.0.0';
  const metricsServer = await serveMetrics(metrics.registry, values.metricsPort, host);
  stops.add('metrics', () => metricsServer.close(0));
  const server = await listen(createHttpServer(service.handler), values.port, host);
  stops.add('http', async () => {
    server.drain();
    await sleep(DRAIN_MS);
    await server.close();
  });
  return { host, port: server.port, metricsPort: metricsServer.port };
}

function settingsOf({ settings, needs, calls }: Pick<AnyOptions, 'settings' | 'needs' | 'calls'>) {
  const ofNeeds: SettingTable = Object.assign({}, ...needs.map((name) => NEEDS[name].settings));
  const addresses = Object.fromEntries(calls.map((name) => [name, addressSettings[name]]));
  return { ...chassisSettings, ...identitySettings, ...ofNeeds, ...addresses, ...settings };
}

/** Prints what is wrong with the settings, one line each without a stack, and exits. */
function orExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
