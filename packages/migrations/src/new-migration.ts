/** `npm run new-migration services/<name> <migration_name>` */
import { join, relative } from 'node:path';
import { createMigration } from './create.js';

const [, , service, name] = process.argv;
const url = process.env.LAZYPHOTOS_TEST_POSTGRES_URL;

function fail(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(2);
}

if (!service || !name) fail('usage: new-migration services/<name> <migration_name>');
if (!/^[a-z0-9_]{1,100}$/.test(name)) fail(`${name}: the name of a migration may have only a-z, 0-9 and _`);
if (!url) {
  fail(
    'Set LAZYPHOTOS_TEST_POSTGRES_URL to a PostgreSQL where databases may be created: the migrations are applied to a temporary one.',
  );
}

const path = await createMigration(url, join(service, 'prisma'), name);
process.stdout.write(
  path ? `${relative('.', path)}\n` : 'Nothing changed: the migrations lead to the schema.\n',
);
