import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { ProvisionError } from '../errors.js';
import type { DatabasePlan } from './plan.js';

const { escapeIdentifier, escapeLiteral } = pg;

export interface Admin {
  client: pg.Client;
  superuser: boolean;
  /** How many connections one service may have: see README.md. */
  connectionLimit: number;
}

/** PostgreSQL's own default. */
const SCRAM_ITERATIONS = 4096;

/** Reads what this connection may do, and how many connections one service may take. */
export async function describeAdmin(client: pg.Client): Promise<Admin> {
  const { rows } = await client.query<{ superuser: boolean; connections: number }>(
    `SELECT rolsuper AS superuser, current_setting('max_connections')::int AS connections
       FROM pg_roles WHERE rolname = current_user`,
  );
  const { superuser = false, connections = 2 } = rows[0] ?? {};
  return { client, superuser, connectionLimit: Math.floor(connections / 2) };
}

/** Makes or updates the owner of a service's database and the role that the service logs in as. */
export async function ensureRoles(admin: Admin, plan: DatabasePlan): Promise<void> {
  const { client, superuser, connectionLimit } = admin;
  // PostgreSQL 15 gives a database's owner its schema through a role that the owner inherits from.
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

async function ensureRole(client: pg.Client, name: string, attributes: string): Promise<void> {
  const role = escapeIdentifier(name);
  if (!(await existsWithoutPower(client, name))) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  await client.query(`ALTER ROLE ${role} NOCREATEDB NOCREATEROLE ${attributes}`);
}

/**
 * Returns whether the role exists. A role of another origin may have rights that only a superuser could revoke.
 * @throws ProvisionError for such a role
 */
async function existsWithoutPower(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ powerful: boolean }>(
    `SELECT rolsuper OR rolreplication OR rolbypassrls
            OR EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS powerful
       FROM pg_roles r WHERE rolname = $1`,
    [name],
  );
  if (rows[0]?.powerful) {
    throw new ProvisionError(
      `the role ${name} exists, and has rights that a service must not have (superuser, member of other roles): choose another name`,
    );
  }
  return rows.length > 0;
}

/**
 * Returns what PostgreSQL stores of a password (RFC 5803), so that neither the connection nor the server's log contains the password.
 * Only for printable ASCII: other characters would have to be normalised first (RFC 4013).
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 32, 'sha256');
  const keyed = (label: string) => createHmac('sha256', salted).update(label).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const serverKey = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
