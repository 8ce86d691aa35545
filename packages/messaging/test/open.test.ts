import { describe, expect, test } from '@jest/globals';
import { createTestDatabase, describeWithPostgres } from '@lazyphotos/testkit';
import pg from 'pg';
import { BusUnavailableError, openBus } from '../src/index.js';
import { albumEvent, depthOf, TOPOLOGY } from './conformance/suite.js';

describe('openBus', () => {
  test('takes an amqp:// or amqps:// URL for RabbitMQ', async () => {
    for (const scheme of ['amqp', 'amqps']) {
      const opening = openBus({ url: `${scheme}://127.0.0.1:1`, topology: TOPOLOGY });
      await expect(opening).rejects.toThrow(BusUnavailableError);
      await expect(opening).rejects.toThrow('RabbitMQ');
    }
  });

  test('refuses what is no bus, without telling the password', async () => {
    const opening = openBus({ url: 'redis://user:sesame@host', topology: TOPOLOGY });
    await expect(opening).rejects.toThrow(
      'the URL of the bus begins with redis://, not with amqp:// or postgresql://',
    );
    await expect(openBus({ url: 'user:sesame@host', topology: TOPOLOGY })).rejects.toThrow(/^[^@]*$/);
  });

  describeWithPostgres('with a postgresql:// URL', () => {
    test('opens pg-boss, under the name that it is given', async () => {
      const database = await createTestDatabase('open_bus');
      const bus = await openBus({ url: database.url, topology: TOPOLOGY, name: 'catalog' });
      await bus.publish([albumEvent()]);
      expect(await depthOf(bus, 'one.albums')).toMatchObject({ pending: 1 });
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query(
        'SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      expect(rows).toContainEqual({ application_name: 'catalog' });
      await client.end();
      await bus.close();
      await database.drop();
    });
  });
});
