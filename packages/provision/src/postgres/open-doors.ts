import pg from 'pg';

/** Databases that every role may connect to, and whether the administrator may change that. */
const OPEN_DATABASES = `SELECT datname AS name, pg_has_role(datdba, 'USAGE') AS ours FROM pg_database d
  WHERE datallowconn AND EXISTS (
    SELECT FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))
     WHERE grantee = 0 AND privilege_type = 'CONNECT')
  ORDER BY datname`;

/** Those that PostgreSQL itself brings along and opens to all. */
const SERVERS_OWN = ['postgres', 'template1'];

/**
 * Shuts the server's own databases to roles that were not granted them, as far as the administrator may, and answers the names
 * of the databases that are still open to every role of the server. Those of others are not touched.
 */
export async function shutOpenDoors(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; ours: boolean }>(OPEN_DATABASES);
  const stillOpen: string[] = [];
  for (const { name, ours } of rows) {
    if (ours && SERVERS_OWN.includes(name)) {
      await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${pg.escapeIdentifier(name)} FROM PUBLIC`);
    } else {
      stillOpen.push(name);
    }
  }
  return stillOpen;
}
