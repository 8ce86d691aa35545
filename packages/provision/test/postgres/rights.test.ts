import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SERVICE_NAMES, type ServiceName } from '@lazyphotos/contracts';
import { OutboxRelay, openWhenMigrated } from '@lazyphotos/database';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { codeOf, connected, createFixture, type Fixture, migrationsOf } from './fixture.js';

const REFUSED = '42501';
const RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

describeWithPostgres("a service's role", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await createFixture();
    await fixture.run();
  });
  afterAll(() => fixture.remove());

  const others = (service: ServiceName) => SERVICE_NAMES.filter((name) => name !== service);

  test.each(SERVICE_NAMES)('of %s reads and writes the rows of its own tables only', async (service) => {
    const { rows } = await connected(fixture.urlOf(service), (client) =>
      client.query<{ name: string; rights: string[] }>(
        `SELECT tablename AS name, array(
           SELECT r FROM unnest($1::text[]) r WHERE has_table_privilege(quote_ident(tablename), r)) AS rights
         FROM pg_tables WHERE schemaname = 'public'`,
        [RIGHTS],
      ),
    );
    expect(rows.length).toBeGreaterThan(1);
    for (const { name, rights } of rows) {
      const expected = name === '_prisma_migrations' ? ['SELECT'] : ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
      expect({ name, rights }).toEqual({ name, rights: expected });
    }
  });

  test.each(SERVICE_NAMES)('of %s opens its database as the service does', async (service) => {
    const database = await openWhenMigrated({
      url: fixture.urlOf(service),
      migrationsPath: migrationsOf(service),
      poolSize: 2,
      applicationName: service,
      retryForMs: 0,
    });
    await database.ready();
    await database.close();
  });

  test('may do what services also do: locks, upserts, the outbox', async () => {
    const database = await openWhenMigrated({
      url: fixture.urlOf('catalog'),
      migrationsPath: migrationsOf('catalog'),
      poolSize: 3,
      applicationName: 'catalog',
      retryForMs: 0,
    });
    await database.pool.query(
      `INSERT INTO outbox_messages (id, type, occurred_at, payload) VALUES (gen_random_uuid(), 'album.deleted', now(), $1)`,
      [
        {
          albumId: '0190c2a4-0000-7000-8000-000000000001',
          userId: '0190c2a4-0000-7000-8000-000000000002',
          version: 1,
          deletedAt: '2026-01-01T00:00:00.000Z',
        },
      ],
    );
    const published: unknown[] = [];
    const relay = new OutboxRelay({
      pool: database.pool,
      publish: async (events) => void published.push(...events),
    });
    expect(await relay.flush()).toBe(1);
    expect(published).toMatchObject([{ type: 'album.deleted' }]);
    await database.pool.query('SELECT pg_advisory_xact_lock(1)');
    await database.close();

    await connected(fixture.urlOf('gateway'), async (client) => {
      const upsert = `INSERT INTO rate_limits VALUES ('key', 1, 1)
        ON CONFLICT (key) DO UPDATE SET points = rate_limits.points + 1 RETURNING points`;
      await client.query(upsert);
      expect((await client.query(upsert)).rows).toEqual([{ points: 2 }]);
    });
  });

  test.each(SERVICE_NAMES)('of %s connects to no other database', async (service) => {
    const names = others(service).map((other) => new URL(fixture.urlOf(other)).pathname);
    for (const pathname of names) {
      const url = Object.assign(new URL(fixture.urlOf(service)), { pathname });
      expect({ pathname, code: await codeOf(url.href) }).toEqual({ pathname, code: REFUSED });
    }
  });

  test.each([
    ['makes no table', 'CREATE TABLE mine (id int)'],
    ['makes no temporary table', 'CREATE TEMPORARY TABLE mine (id int)'],
    ['makes no schema', 'CREATE SCHEMA mine'],
    ['makes no function', 'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$'],
    ['makes no database', 'CREATE DATABASE mine'],
    ['makes no role', 'CREATE ROLE mine'],
    ['changes no table', 'ALTER TABLE photos ADD COLUMN mine int'],
    ['drops no table', 'DROP TABLE photos'],
    ['empties no table at a stroke', 'TRUNCATE photos'],
    ['adds no trigger', 'CREATE TRIGGER mine BEFORE INSERT ON photos EXECUTE FUNCTION now()'],
    ['does not write the history of migrations', 'DELETE FROM _prisma_migrations'],
    ['reads no passwords', 'SELECT * FROM pg_authid'],
    ['runs no program', `COPY photos TO PROGRAM 'cat'`],
  ])('%s', async (_title, statement) => {
    expect(await codeOf(fixture.urlOf('catalog'), statement)).toBe(REFUSED);
  });

  test('does not become the owner', async () => {
    expect(await codeOf(fixture.urlOf('catalog'), `SET ROLE ${fixture.prefix}catalog_owner`)).toBe(REFUSED);
  });

  test('takes at most half of the connections of the server', async () => {
    const { rows } = await fixture.administer(
      `SELECT DISTINCT rolconnlimit AS most FROM pg_roles
        WHERE rolname LIKE '${fixture.prefix}%' AND rolcanlogin`,
    );
    const { rows: server } = await fixture.administer('SHOW max_connections');
    expect(rows).toEqual([{ most: Math.floor(Number(server[0].max_connections) / 2) }]);
  });

  test('no owner can log in', async () => {
    const { rows } = await fixture.administer(
      `SELECT count(*)::int AS owners, count(*) FILTER (WHERE rolcanlogin)::int AS open FROM pg_roles
        WHERE rolname LIKE '${fixture.prefix}%owner'`,
    );
    expect(rows).toEqual([{ owners: SERVICE_NAMES.length, open: 0 }]);
  });
});
