import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import type { Line } from '../log.js';
import { codeOf, connected, createFixture, type Fixture, migrationsOf } from './fixture.js';

const WRONG_PASSWORD = '28P01';
const appliedIn = (lines: Line[]) =>
  lines.filter(({ message }) => message === 'database ready').map(({ fields }) => fields.migrations);

const namesOf = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

describeWithPostgres('provisioning PostgreSQL', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.remove());

  const only = (service: 'feed' | 'gateway', change: object = {}) =>
    fixture.services.filter((one) => one.service === service).map((one) => ({ ...one, ...change }));

  test('logs what it made, without any password', async () => {
    const lines = await fixture.run();
    expect(lines.filter(({ message }) => message === 'database ready')).toHaveLength(SERVICE_NAMES.length);
    expect(lines[0]).toMatchObject({
      fields: { for: 'gateway', database: `${fixture.prefix}gateway`, role: `${fixture.prefix}gateway` },
    });
    expect(JSON.stringify(lines)).not.toMatch(/it's|100%/);
  });

  test('may be run again: nothing is applied twice, and no row is lost', async () => {
    await fixture.run({ services: only('gateway') });
    await connected(fixture.urlOf('gateway'), (client) =>
      client.query(`INSERT INTO rate_limits VALUES ('kept', 1, 1)`),
    );
    expect(appliedIn(await fixture.run({ services: only('gateway') }))).toEqual([[]]);
    const { rows } = await connected(fixture.urlOf('gateway'), (client) =>
      client.query('SELECT key FROM rate_limits'),
    );
    expect(rows).toEqual([{ key: 'kept' }]);
  });

  test('of concurrent runs, one at a time works', async () => {
    const services = fixture.services.slice(0, 2);
    const migrations = services.flatMap(({ service }) => namesOf(migrationsOf(service)));
    const runs = await Promise.all([1, 2, 3].map(() => fixture.run({ services })));
    expect(runs.flatMap((lines) => appliedIn(lines).flat()).sort()).toEqual(migrations.sort());
    for (const { url } of services) expect(await codeOf(url)).toBeUndefined();
  });

  test('a changed password is applied, and ends no connection', async () => {
    await fixture.run({ services: only('feed') });
    const old = fixture.urlOf('feed');
    const changed = Object.assign(new URL(old), { password: 'changed' }).href;
    await connected(old, async (client) => {
      await fixture.run({ services: only('feed', { url: changed }) });
      await client.query('SELECT count(*) FROM feed_entries');
    });
    expect(await codeOf(old)).toBe(WRONG_PASSWORD);
    expect(await codeOf(changed)).toBeUndefined();
  });

  test('rights that were added by hand are revoked', async () => {
    await fixture.run({ services: only('gateway') });
    const [role, add] = [`${fixture.prefix}gateway`, 'CREATE TABLE mine (id int)'];
    await connected(fixture.adminUrlOf('gateway'), (client) =>
      client.query(`GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
        GRANT TEMPORARY ON DATABASE ${role} TO PUBLIC; ALTER ROLE ${role} CREATEDB CREATEROLE`),
    );
    await fixture.run({ services: only('gateway') });
    for (const statement of [
      add,
      'CREATE TEMP TABLE mine (id int)',
      'TRUNCATE rate_limits',
      'CREATE ROLE x',
    ]) {
      expect(await codeOf(fixture.urlOf('gateway'), statement)).toBe('42501');
    }
  });

  test('a new migration is applied, and the service may use its table as soon as it exists', async () => {
    await fixture.run({ services: only('feed') });
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-provision-'));
    await cp(migrationsOf('feed'), folder, { recursive: true });
    const add = async (name: string, sql: string) => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'migration.sql'), sql);
    };
    await add('20990101000000_more', 'CREATE TABLE more (id bigserial PRIMARY KEY, word text)');
    await add('20990102000000_broken', 'SELECT * FROM nowhere');
    await expect(fixture.run({ services: only('feed', { migrationsPath: folder }) })).rejects.toMatchObject({
      code: 'migration_failed',
    });
    // The run ended before the grants.
    await connected(fixture.urlOf('feed'), async (client) => {
      await client.query(`INSERT INTO more (word) VALUES ('fine')`);
      expect((await client.query('SELECT * FROM more')).rows).toEqual([{ id: '1', word: 'fine' }]);
    });
    await rm(folder, { recursive: true });
  });

  test('names and passwords are quoted', async () => {
    const name = `${fixture.prefix}it's "odd" -- 100% \\ DROP`;
    const url = new URL(fixture.urlOf('feed'));
    url.username = encodeURIComponent(name);
    url.pathname = `/${encodeURIComponent(name)}`;
    url.password = encodeURIComponent(`'"\\ %;$1 --`);
    await fixture.run({ services: only('feed', { url: url.href }) });
    expect(await codeOf(url.href, 'SELECT count(*) FROM feed_entries')).toBeUndefined();
    await fixture.run({ services: only('feed', { url: url.href }) });
  });

  test('the administrator need not be a superuser', async () => {
    const name = `${fixture.prefix}admin`;
    await fixture.administer(`CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`);
    await fixture.administer(`CREATE DATABASE ${name}`);
    const url = new URL(fixture.adminUrl);
    Object.assign(url, { username: name, password: 'secret', pathname: `/${name}` });
    const options = { adminUrl: url.href, services: fixture.services.slice(0, 2) };
    const first = await fixture.run(options);
    const migrations = options.services.map(({ service }) => namesOf(migrationsOf(service)));
    expect(appliedIn(first)).toEqual(migrations);
    expect(appliedIn(await fixture.run(options)).flat()).toEqual([]);
    for (const { url: own } of options.services) {
      expect(await codeOf(own)).toBeUndefined();
      expect(await codeOf(own, 'CREATE TABLE mine (id int)')).toBe('42501');
    }
    // It reports what it may not change on a server that others use too.
    expect(first.at(-1)).toMatchObject({
      level: 'warn',
      fields: { databases: expect.arrayContaining([name]) },
    });
  });

  test('a database of another owner stays unchanged', async () => {
    await fixture.administer(`CREATE DATABASE ${fixture.prefix}feed`);
    await expect(fixture.run({ services: only('feed') })).rejects.toMatchObject({
      code: 'provision_failed',
      message: expect.stringMatching(`${fixture.prefix}feed exists and belongs to `),
    });
  });

  test.each(['SUPERUSER', 'BYPASSRLS', 'IN ROLE pg_read_all_data'])(
    'a role that is %s does not become the role of a service',
    async (power) => {
      await fixture.administer(`CREATE ROLE ${fixture.prefix}feed ${power}`);
      await expect(fixture.run({ services: only('feed') })).rejects.toMatchObject({
        code: 'provision_failed',
        message: expect.stringContaining(`${fixture.prefix}feed exists`),
      });
    },
  );

  test('does not retry when the administrator is refused', async () => {
    const url = Object.assign(new URL(fixture.adminUrl), { username: `${fixture.prefix}nobody` });
    await expect(fixture.run({ adminUrl: url.href })).rejects.toMatchObject({
      code: 'provision_failed',
      message: expect.stringContaining('PostgreSQL refuses the administrator: '),
    });
  });
});
