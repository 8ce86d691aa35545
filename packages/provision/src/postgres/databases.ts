import { migrate } from '@lazyphotos/database';
import pg from 'pg';
import { ProvisionError } from '../errors.js';
import { urlOf, withClient } from './connect.js';
import type { DatabasePlan } from './plan.js';

const { escapeIdentifier } = pg;

const READ_AND_WRITE = 'SELECT, INSERT, UPDATE, DELETE';

/** Databases that every role may connect to, and whether the administrator may change that. */
const PUBLIC_DATABASES = `SELECT datname AS name, pg_has_role(datdba, 'USAGE') AS ours FROM pg_database d
  WHERE datallowconn AND EXISTS (
    SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))
     WHERE grantee = 0 AND privilege_type = 'CONNECT')
  ORDER BY datname`;

/** The databases that PostgreSQL itself makes and opens to all. */
const BUILT_IN = ['postgres', 'template1'];

/** Makes the database, unless it exists. @throws ProvisionError for one that belongs to another role */
export async function ensureDatabase(client: pg.Client, { database, owner }: DatabasePlan): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1',
    [database],
  );
  if (rows[0] && rows[0].owner !== owner) {
    throw new ProvisionError(
      `the database ${database} exists and belongs to ${rows[0].owner}: name another, or give it to ${owner}`,
    );
  }
  if (rows[0]) return;
  await client.query(
    `CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(owner)}
       TEMPLATE template0 ENCODING 'UTF8'`,
  );
}

/** Applies the migrations as the owner and grants the service's role its rights. Returns the names of the applied migrations. */
export async function migrateAndGrant(adminUrl: string, plan: DatabasePlan): Promise<string[]> {
  const url = urlOf(adminUrl, plan.database);
  const database = escapeIdentifier(plan.database);
  const role = escapeIdentifier(plan.role);
  return withClient(url, { retryForMs: 0 }, async (client) => {
    await client.query(`SET ROLE ${escapeIdentifier(plan.owner)}`);
    await runInTransaction(client, grantsBeforeMigrations(database, role));
    const applied = await migrate(url, plan.migrationsPath, { role: plan.owner });
    await runInTransaction(client, grantsAfterMigrations(database, role));
    return applied;
  });
}

async function runInTransaction(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'));
}

/** Rights from before the first table on; those for tables of later migrations take effect when these commit. */
const grantsBeforeMigrations = (database: string, role: string): string[] => [
  `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
  'REVOKE ALL ON SCHEMA public FROM PUBLIC',
  `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${READ_AND_WRITE} ON TABLES TO ${role}`,
  `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${role}`,
];

/** Revokes all rights and grants what is needed. In one transaction, so that a running service never lacks a right. */
const grantsAfterMigrations = (database: string, role: string): string[] => [
  `REVOKE ALL ON DATABASE ${database} FROM ${role}`,
  `REVOKE ALL ON SCHEMA public FROM ${role}`,
  `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}`,
  `REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${role}`,
  `GRANT CONNECT ON DATABASE ${database} TO ${role}`,
  `GRANT USAGE ON SCHEMA public TO ${role}`,
  `GRANT ${READ_AND_WRITE} ON ALL TABLES IN SCHEMA public TO ${role}`,
  `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  `REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${role}`,
];

/**
 * Revokes CONNECT on the server's own databases from PUBLIC, where the administrator may; databases of others stay unchanged. Returns the
 * databases to which every role of the server may still connect.
 */
export async function revokePublicConnect(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; ours: boolean }>(PUBLIC_DATABASES);
  const stillPublic: string[] = [];
  for (const { name, ours } of rows) {
    if (ours && BUILT_IN.includes(name)) {
      await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(name)} FROM PUBLIC`);
    } else {
      stillPublic.push(name);
    }
  }
  return stillPublic;
}
