import { expect, it } from '@jest/globals';
import { createTestDatabase, describeWithPostgres, dropTestDatabase } from '@lazyphotos/testkit';
import { Client } from 'pg';

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
