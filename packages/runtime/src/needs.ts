import { topology } from '@lazyphotos/contracts';
import { type Database, databaseSettings, openWhenMigrated } from '@lazyphotos/database';
import type { BusObserver, EventBus } from '@lazyphotos/messaging';
import { busSettings } from '@lazyphotos/messaging/settings';
import type { ObjectStore } from '@lazyphotos/object-storage';
import { type StoreSettings, storeSettings } from '@lazyphotos/object-storage/settings';
import {
  type Chassis,
  createMediaUrls,
  createShareSigning,
  describeError,
  type Logger,
  type MediaUrls,
  type Metrics,
  mediaUrlSettings,
  type SettingsOf,
  type SettingTable,
  type ShareSigning,
  type StopList,
  shareSettings,
} from '@lazyphotos/service-kit';

/** What a service can need of its container. */
export interface Needs {
  database: Database;
  bus: EventBus;
  store: ObjectStore;
  /** A store without the right to write: the service stays ready when the store is full. */
  readOnlyStore: ObjectStore;
  mediaUrls: MediaUrls;
  shareSigning: ShareSigning;
}
export type NeedName = keyof Needs;

export interface OpenContext {
  chassis: Chassis;
  publicUrl: string;
  migrationsPath: string;
  /** Closes what was opened, in reverse order. */
  stops: StopList;
}

interface Need<V> {
  settings: SettingTable;
  /** `values`: those of the settings. */
  open(values: SettingsOf<SettingTable>, context: OpenContext): Promise<V>;
}

const need = <T extends SettingTable, V>(
  settings: T,
  open: (values: SettingsOf<T>, context: OpenContext) => Promise<V>,
): Need<V> => ({ settings, open: (values, context) => open(values as SettingsOf<T>, context) });

const REPORTS = {
  postponed: ['warn', 'an event waits until what it needs is back'],
  retried: ['warn', 'an event will be delivered again'],
  dead_lettered: ['error', 'an event is a dead letter'],
} as const;
/** In an outage many events wait; their number is in the metrics. */
const POSTPONED_LOG_MS = 10_000;

/** Reports the outcomes of deliveries to metrics and logs; for the bus adapter of a process. `now`: in milliseconds, never set back. */
export function busObserver(metrics: Metrics, logger: Logger, now = () => performance.now()): BusObserver {
  const postponedAt = new Map<string, number>();
  const isTooSoon = (queue: string) => {
    const at = now();
    if (at - (postponedAt.get(queue) ?? Number.NEGATIVE_INFINITY) < POSTPONED_LOG_MS) return true;
    postponedAt.set(queue, at);
    return false;
  };
  return {
    settled: (queue, type, outcome, error) => {
      metrics.eventsHandled.inc({ queue, type, outcome });
      if (outcome === 'done' || (outcome === 'postponed' && isTooSoon(queue))) return;
      const [level, message] = REPORTS[outcome];
      logger[level](message, { queue, type, error: describeError(error) });
    },
    fault: (error) => logger.warn('event bus fault', { error: describeError(error) }),
  };
}

/** Reports idle connections that break; for a service's database. */
export const onIdleError =
  (logger: Logger) =>
  (error: Error): void =>
    logger.warn('a database connection broke', { error: describeError(error) });

async function openOwnDatabase(
  { databaseUrl, databasePool }: SettingsOf<typeof databaseSettings>,
  { chassis, migrationsPath, stops }: OpenContext,
): Promise<Database> {
  const database = await openWhenMigrated({
    url: databaseUrl,
    poolSize: databasePool,
    applicationName: chassis.name,
    migrationsPath,
    onIdleError: onIdleError(chassis.logger),
    onWaiting: (reason) => chassis.logger.warn('waiting for the database', { reason }),
  });
  chassis.metrics.watchPool(chassis.name, () => database.pool.waitingCount);
  stops.add('database', database.close);
  return database;
}

// The clients of brokers and of S3 take memory and time to load: only a service that needs them loads them.

async function openOwnBus(
  { busUrl }: SettingsOf<typeof busSettings>,
  { chassis, stops }: OpenContext,
): Promise<EventBus> {
  const { openBus } = await import('@lazyphotos/messaging');
  const observer = busObserver(chassis.metrics, chassis.logger);
  const bus = await openBus({ url: busUrl, topology, name: chassis.name, observer, declares: false });
  stops.add('bus', bus.close);
  return bus;
}

const openOwnStore =
  (readOnly: boolean) =>
  async (values: StoreSettings, { stops }: OpenContext): Promise<ObjectStore> => {
    const { openStore } = await import('@lazyphotos/object-storage');
    const store = await openStore(values, { readOnly });
    stops.add('store', store.close);
    return store;
  };

export const openMediaUrls = (values: SettingsOf<typeof mediaUrlSettings>, publicUrl: string): MediaUrls =>
  createMediaUrls({
    signingKey: values.mediaSigningKey,
    baseUrl: values.mediaBaseUrl ?? publicUrl,
    lifetimeSeconds: values.mediaUrlSeconds,
  });

export const openShareSigning = (values: SettingsOf<typeof shareSettings>, publicUrl: string): ShareSigning =>
  createShareSigning({
    signingKey: values.mediaSigningKey,
    publicUrl,
    mediaBaseUrl: values.mediaBaseUrl ?? publicUrl,
    lifetimeSeconds: values.shareMediaSeconds,
  });

/** The settings of each need, and how it is opened. */
export const NEEDS: { [N in NeedName]: Need<Needs[N]> } = {
  database: need(databaseSettings, openOwnDatabase),
  bus: need(busSettings, openOwnBus),
  store: need(storeSettings, openOwnStore(false)),
  readOnlyStore: need(storeSettings, openOwnStore(true)),
  mediaUrls: need(mediaUrlSettings, async (values, { publicUrl }) => openMediaUrls(values, publicUrl)),
  shareSigning: need(shareSettings, async (values, { publicUrl }) => openShareSigning(values, publicUrl)),
};

/** Opens the needs in their order. The result has only those that are named; `ContainerContext` gives it its exact type. */
export async function openNeeds(
  names: readonly NeedName[],
  values: SettingsOf<SettingTable>,
  context: OpenContext,
): Promise<Needs> {
  const opened: Partial<Record<NeedName, unknown>> = {};
  for (const name of names) opened[name] = await NEEDS[name].open(values, context);
  return opened as Needs;
}
