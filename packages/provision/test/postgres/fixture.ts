import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { SERVICE_NAMES, type ServiceName } from '@lazyphotos/contracts';
import { POSTGRES_URL } from '@lazyphotos/testkit';
import pg from 'pg';
import { provisionPostgres, type ServiceDatabase } from '../../src/index.js';
import { PROVISION_LOCK } from '../../src/postgres/provision.js';
import { createLog, type Line } from '../log.js';

const BUILT_IN = ['postgres', 'template1'];

export const migrationsOf = (service: ServiceName): string =>
  fileURLToPath(new URL(`../../../../services/${service}/prisma/migrations`, import.meta.url));

/** Runs `use` on a connection. */
export async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Returns the SQLSTATE of a failed query or connection; undefined when it succeeds. */
export const codeOf = (url: string, query = 'SELECT 1'): Promise<string | undefined> =>
  connected(url, (client) => client.query(query)).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );

export interface Fixture {
  adminUrl: string;
  /** All six services, with the names and passwords of this fixture. */
  services: ServiceDatabase[];
  urlOf(service: ServiceName): string;
  /** The administrator's URL to that service's database. */
  adminUrlOf(service: ServiceName): string;
  /** Provisions and returns what was logged. */
  run(options?: { adminUrl?: string; services?: readonly ServiceDatabase[] }): Promise<Line[]>;
  /** Runs a statement as the administrator. `remove` removes what has a name with `prefix`. */
  administer(statement: string): Promise<pg.QueryResult>;
  prefix: string;
  remove(): Promise<void>;
}

/** Makes unique names on the server of the tests, because roles belong to a whole server. */
export async function createFixture(): Promise<Fixture> {
  const adminUrl = process.env[POSTGRES_URL] ?? '';
  const prefix = `lp_test_${randomBytes(6).toString('hex')}_`;
  const withParts = (database: string, user?: string, password = ''): string => {
    const url = new URL(adminUrl);
    if (user) [url.username, url.password] = [encodeURIComponent(user), encodeURIComponent(password)];
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  };
  const administer = (statement: string) => connected(adminUrl, (client) => client.query(statement));
  const services = SERVICE_NAMES.map((service): ServiceDatabase => {
    const name = `${prefix}${service.replace('-', '_')}`;
    return {
      service,
      url: withParts(name, name, `it's 100% "${service}"\\`),
      migrationsPath: migrationsOf(service),
    };
  });
  const open = await administer(
    `SELECT datname AS name FROM pg_database WHERE datname = ANY('{${BUILT_IN}}')
       AND (datacl IS NULL OR datacl::text ~ '[{,]=[^/]*c')`,
  );

  return {
    adminUrl,
    services,
    prefix,
    administer,
    urlOf: (service) => services.find((one) => one.service === service)?.url ?? '',
    adminUrlOf: (service) => withParts(`${prefix}${service.replace('-', '_')}`),
    run: async (options = {}) => {
      const logger = createLog();
      await provisionPostgres({ adminUrl, services, ...options, logger });
      return logger.lines;
    },
    remove: async () => {
      await connected(adminUrl, async (client) => {
        const databases = await client.query(
          `SELECT quote_ident(datname) AS name FROM pg_database WHERE datname LIKE '${prefix}%'`,
        );
        for (const { name } of databases.rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        const roles = await client.query(
          `SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname LIKE '${prefix}%'`,
        );
        // In PostgreSQL 16 and later, memberships that a role granted depend on it.
        for (const { name } of roles.rows) await client.query(`DROP OWNED BY ${name} CASCADE`);
        for (const { name } of roles.rows) await client.query(`DROP ROLE ${name}`);
        // The server may be a developer's own: PUBLIC gets back what was revoked, but not while another run revokes it.
        await client.query('SELECT pg_advisory_lock($1)', [PROVISION_LOCK]);
        for (const { name } of open.rows)
          await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO PUBLIC`);
      });
    },
  };
}
