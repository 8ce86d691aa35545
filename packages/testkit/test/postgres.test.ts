import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, describeWithPostgres, dropTestDatabase, eventually } from '../src/index.js';

describeWithPostgres('createTestDatabase', () => {
  it('makes an empty database of its own for each caller, and removes it under open connections', async () => {
    const [one, two] = await Promise.all([
      createTestDatabase('Photo albums!'),
      createTestDatabase('Photo albums!'),
    ]);
    expect(one.name).toMatch(/^lp_test_photo_albums__[0-9a-f]{12}$/);
    expect(one.name).not.toBe(two.name);

    const client = new Client({ connectionString: one.url });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('SELECT current_database() AS name');
    expect(rows).toEqual([{ name: one.name }]);
    await one.drop();
    await two.drop();
    await one.drop();
    await expect(new Client({ connectionString: one.url }).connect()).rejects.toMatchObject({
      code: '3D000',
    });
    await client.end().catch(() => {});
  });

  it('never drops a database of another name', async () => {
    await expect(dropTestDatabase('postgres')).rejects.toThrow('postgres is not a test database; it stays');
    await expect(dropTestDatabase('lp_test_x; DROP DATABASE y')).rejects.toThrow('it stays');
  });
});

describeWithPostgres('the server of a test run', () => {
  it('leaves nothing behind when the run is killed', async () => {
    const script = join(import.meta.dirname, 'fixtures/test-run.mjs');
    const run = fork(script, { execArgv: [], env: { ...process.env, LAZYPHOTOS_TEST_POSTGRES_URL: '' } });
    const url = await new Promise<string>((resolve) =>
      run.once('message', (message) => resolve(String(message))),
    );
    const dataDir = await showDataDirectory(url);
    expect(existsSync(dataDir)).toBe(true);

    run.kill('SIGKILL');
    await eventually(() => expect(existsSync(dirname(dataDir))).toBe(false), { timeoutMs: 20_000 });
    await expect(new Client({ connectionString: url }).connect()).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

async function showDataDirectory(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory ?? '';
  } finally {
    await client.end();
  }
}
