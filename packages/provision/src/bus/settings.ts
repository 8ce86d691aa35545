import { BUS_USERS, type BusUser } from '@lazyphotos/contracts';
import { readKnownSettings } from '@lazyphotos/runtime';
import { type Environment, SettingsError, setting, url } from '@lazyphotos/service-kit';
import { GIVEN_SECRET } from '../postgres/settings.js';
import type { ProvisionBusOptions } from './provision.js';

const AMQP = url(/^amqps?$/, 'must be an amqp:// or amqps:// URL');
/** The ports of RabbitMQ's management plugin, by the scheme of the bus. */
const API_ADDRESS = {
  'amqp:': { scheme: 'http', port: 15_672 },
  'amqps:': { scheme: 'https', port: 15_671 },
};

const urlOf = (service: string) =>
  setting(
    `LAZYPHOTOS_${service}_BUS_URL`,
    AMQP,
    'The LAZYPHOTOS_BUS_URL of that service, whose user is created on RabbitMQ; for provisioning only',
    GIVEN_SECRET,
  );

export const busUserSettings = {
  adminBusUrl: setting(
    'LAZYPHOTOS_ADMIN_BUS_URL',
    AMQP,
    'An administrator of RabbitMQ, to make queues and users; for provisioning only',
    GIVEN_SECRET,
  ),
  busApiUrl: setting(
    'LAZYPHOTOS_BUS_API_URL',
    url(/^https?$/, 'must be an http:// or https:// URL').optional(),
    "The HTTP API of RabbitMQ's management plugin; for provisioning only",
    {
      absent: 'port 15672 of the host of LAZYPHOTOS_ADMIN_BUS_URL; of amqps://, HTTPS on port 15671',
      secret: true,
    },
  ),
  upload: urlOf('UPLOAD'),
  catalog: urlOf('CATALOG'),
  feed: urlOf('FEED'),
  'media-worker': urlOf('MEDIA_WORKER'),
};

/** @throws SettingsError */
export function readBusUserSettings(env: Environment): Omit<ProvisionBusOptions, 'logger'> {
  const { adminBusUrl, busApiUrl, ...urls } = readKnownSettings(env, busUserSettings);
  const problems = problemsOf(new URL(adminBusUrl), urls);
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    adminUrl: adminBusUrl,
    apiUrl: busApiUrl ?? apiUrlOf(new URL(adminBusUrl)),
    urls,
  };
}

function apiUrlOf({ protocol, hostname }: URL): string {
  const { scheme, port } = API_ADDRESS[protocol === 'amqps:' ? 'amqps:' : 'amqp:'];
  return `${scheme}://${hostname}:${port}`;
}

function problemsOf(admin: URL, urls: Record<BusUser, string>): string[] {
  const problems: string[] = [];
  const taken = new Map([[admin.username, 'LAZYPHOTOS_ADMIN_BUS_URL']]);
  for (const service of BUS_USERS) {
    const { name } = busUserSettings[service];
    const { username, password, pathname } = new URL(urls[service]);
    if (!username || !password) problems.push(`${name} must have a user and a password`);
    if (pathname !== admin.pathname) problems.push(`${name} must name the virtual host of the administrator`);
    const rival = taken.get(username);
    if (rival) problems.push(`${name} and ${rival} must have different users`);
    taken.set(username, name);
  }
  return problems;
}
