import pg from 'pg';
import { ProvisionError } from '../errors.js';
import type { DatabasePlan } from './plan.js';
import { scramVerifier } from './scram.js';

const { escapeIdentifier, escapeLiteral } = pg;

export interface Admin {
  client: pg.Client;
  superuser: boolean;
  /** How many connections one service may have: see README.md. */
  connectionLimit: number;
}

/** Asks what this connection may do, and how much of the server one service may take. */
export async function describeAdmin(client: pg.Client): Promise<Admin> {
  const { rows } = await client.query<{ superuser: boolean; connections: number }>(
    `SELECT rolsuper AS superuser, current_setting('max_connections')::int AS connections
       FROM pg_roles WHERE rolname = current_user`,
  );
  const { superuser = false, connections = 2 } = rows[0] ?? {};
  return { client, superuser, connectionLimit: Math.floor(connections / 2) };
}

/** A role that was there before may be more than a service's role, in ways that only a superuser could take back. */
async function requireHarmless(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ powerful: boolean }>(
    `SELECT rolsuper OR rolreplication OR rolbypassrls
            OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS powerful
       FROM pg_roles r WHERE rolname = $1`,
    [name],
  );
  if (rows[0]?.powerful) {
    throw new ProvisionError(
      `the role ${name} exists, and is a superuser, a member of other roles or the like: name another`,
    );
  }
  return rows.length > 0;
}

async function ensureRole(client: pg.Client, name: string, attributes: string): Promise<void> {
  const role = escapeIdentifier(name);
  if (!(await requireHarmless(client, name))) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  await client.query(`ALTER ROLE ${role} NOCREATEDB NOCREATEROLE ${attributes}`);
}

/** Makes or updates the owner of a service's database and the role that the service logs in as. */
export async function ensureRoles(admin: Admin, plan: DatabasePlan): Promise<void> {
  const { client, superuser, connectionLimit } = admin;
  // PostgreSQL 15 gives a database's owner its schema by way of a role that the owner inherits from.
  await ensureRole(client, plan.owner, 'NOLOGIN INHERIT');
  // A superuser may act for every role; any other administrator only for those that it is a member of.
  if (!superuser) await client.query(`GRANT ${escapeIdentifier(plan.owner)} TO CURRENT_USER`);
  const verifier = escapeLiteral(scramVerifier(plan.password));
  await ensureRole(
    client,
    plan.role,
    `LOGIN NOINHERIT CONNECTION LIMIT ${connectionLimit} PASSWORD ${verifier}`,
  );
}
