import { dirname } from 'node:path';
import { expect, it } from '@jest/globals';
import { schemaDrift } from '@lazyphotos/migrations';
import { createTestDatabase, describeWithPostgres } from '@lazyphotos/testkit';
import { migrationsPath } from '../src/index.js';

describeWithPostgres('the schema', () => {
  it('is the result of the migrations', async () => {
    const database = await createTestDatabase('upload_schema');
    try {
      expect(await schemaDrift(database.url, dirname(migrationsPath))).toBe('');
    } finally {
      await database.drop();
    }
  });
});
