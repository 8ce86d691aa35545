import { findChromium } from '../browser/source.js';
import { findClamd } from '../clamd/source.js';
import { findMinio } from '../minio/source.js';
import { findRabbitMq } from '../rabbitmq/source.js';
import type { Source } from './messages.js';

const FINDERS = { rabbitmq: findRabbitMq, minio: findMinio, clamd: findClamd, chromium: findChromium };

/** The servers, and the browser, that a suite or a caller starts for itself. */
export type StartedServer = keyof typeof FINDERS;
type Sources = Record<StartedServer, Source>;

/** Where global setup tells the test files what it found: JSON, by the server's name. */
export const FOUND_SERVERS = 'LAZYPHOTOS_TEST_SERVERS';

/** Looks for all servers, and installs and builds what is missing. */
export async function findServers(): Promise<Sources> {
  const [rabbitmq, minio, clamd, chromium] = await Promise.all([
    find('rabbitmq'),
    find('minio'),
    find('clamd'),
    find('chromium'),
  ]);
  return { rabbitmq, minio, clamd, chromium };
}

/** The source that global setup found; outside of a jest run it is looked for now. */
export async function sourceOf(name: StartedServer): Promise<Source> {
  return foundSources()[name] ?? (await find(name));
}

/** What global setup found; empty outside of a jest run. */
export function foundSources(): Partial<Sources> {
  return JSON.parse(process.env[FOUND_SERVERS] || '{}');
}

async function find(name: StartedServer): Promise<Source> {
  return FINDERS[name]().catch(
    (error: unknown): Source => ({
      kind: 'none',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
}
