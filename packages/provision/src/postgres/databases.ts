import { migrate } from '@lazyphotos/database';
import pg from 'pg';
import { ProvisionError } from '../errors.js';
import { urlOf, withClient } from './connect.js';
import type { DatabasePlan } from './plan.js';

const { escapeIdentifier } = pg;

/** Makes the database, unless it is there. One that belongs to somebody else is not touched. */
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

async function inTransaction(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'));
}

const READ_AND_WRITE = 'SELECT, INSERT, UPDATE, DELETE';

/** What holds before the first table is made, and for the tables of later migrations from the moment of their commit. */
const beforeMigrations = (database: string, role: string): string[] => [
  `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
  'REVOKE ALL ON SCHEMA public FROM PUBLIC',
  `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${READ_AND_WRITE} ON TABLES TO ${role}`,
  `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${role}`,
];

/** Takes all from the role and gives it what it needs, in one transaction: a service that runs meanwhile notices nothing. */
const afterMigrations = (database: string, role: string): string[] => [
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

/** Applies the migrations as the owner and grants the service's role its part; answers the names of those it applied. */
export async function migrateAndGrant(adminUrl: string, plan: DatabasePlan): Promise<string[]> {
  const url = urlOf(adminUrl, plan.database);
  const database = escapeIdentifier(plan.database);
  const role = escapeIdentifier(plan.role);
  return withClient(url, { retryForMs: 0 }, async (client) => {
    await client.query(`SET ROLE ${escapeIdentifier(plan.owner)}`);
    await inTransaction(client, beforeMigrations(database, role));
    const applied = await migrate(url, plan.migrationsPath, { role: plan.owner });
    await inTransaction(client, afterMigrations(database, role));
    return applied;
  });
}
