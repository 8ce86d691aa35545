import { BUS_USERS, type BusUser, topology } from '@lazyphotos/contracts';
import { retryUntilReady } from '@lazyphotos/database';
import { BusUnavailableError, openBus, rightsOf } from '@lazyphotos/messaging';
import type { Logger } from '@lazyphotos/service-kit';
import { isTemporary } from '../errors.js';
import { type Account, RabbitMqAdmin } from './rabbitmq-admin.js';

export interface ProvisionBusOptions {
  /** amqp:// or amqps://, of a user with the tag `administrator` and all rights in its virtual host. */
  adminUrl: string;
  /** Of the management plugin. */
  apiUrl: string;
  /** The services' own URLs of the bus. */
  urls: Readonly<Record<BusUser, string>>;
  logger: Logger;
  /** How long to wait for a server that is still starting, in milliseconds; a minute if absent. */
  retryForMs?: number;
}

/**
 * Makes every queue and exchange of the bus, and for each service that uses it a user that may publish and consume what the topology says
 * of it, and nothing else. May be repeated: it then applies a newer topology, changed passwords and rights.
 * @throws ProvisionError, TopologyRefusedError
 */
export async function provisionBus(options: ProvisionBusOptions): Promise<void> {
  const { logger, retryForMs } = options;
  const onWaiting = (reason: string) => logger.info('waiting for RabbitMQ', { reason });
  const isAway = (error: Error) => error instanceof BusUnavailableError || isTemporary(error);
  // Both may be repeated, so after a temporary error they begin again.
  await retryUntilReady(() => makeUsers(options), { retryForMs, onWaiting }, isAway);
  await retryUntilReady(() => makeQueues(options), { retryForMs, onWaiting }, isAway);
}

async function makeUsers({ adminUrl, apiUrl, urls, logger }: ProvisionBusOptions): Promise<void> {
  const admin = new RabbitMqAdmin(apiUrl, accountOf(adminUrl), virtualHostOf(adminUrl));
  for (const service of BUS_USERS) {
    const account = accountOf(urls[service]);
    await admin.putUser(account);
    await admin.putRights(account.name, rightsOf(service, topology));
    logger.info('bus user ready', { for: service, user: account.name });
  }
}

async function makeQueues({ adminUrl, logger }: ProvisionBusOptions): Promise<void> {
  const bus = await openBus({ url: adminUrl, topology, name: 'provision' });
  await bus.close();
  logger.info('queues ready', { queues: Object.keys(topology).length });
}

function accountOf(url: string): Account {
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** As amqplib reads it: `/` where the URL has no path. */
const virtualHostOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
