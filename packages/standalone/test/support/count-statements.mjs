import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/*
 * Preloaded into a node (NODE_OPTIONS=--import): writes each SQL statement that it sends to the file LAZYPHOTOS_TEST_STATEMENTS, one line of
 * JSON with the database and the statement. `pg` is the one that the pools of all services, Prisma and pg-boss use.
 */
const file = process.env.LAZYPHOTOS_TEST_STATEMENTS;
const require = createRequire(new URL('../../../database/package.json', import.meta.url));
const { Client } = require('pg');

const query = Client.prototype.query;
Client.prototype.query = function (config, ...rest) {
  const text = typeof config === 'string' ? config : config?.text;
  if (file && typeof text === 'string')
    appendFileSync(
      file,
      `${JSON.stringify({ database: this.database, text: text.replace(/\s+/g, ' ').trim() })}\n`,
    );
  return query.call(this, config, ...rest);
};
