import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** PostgreSQL's one-byte type of its own catalogs; `@prisma/adapter-pg` knows every type of theirs but this. */
const CHAR_OID = 18;
const TEXT_OID = 25;

/** Gets such columns past the adapter as text, and remembers which they were. */
function disguiseChar(pool: pg.Pool): WeakMap<object, number[]> {
  const charColumns = new WeakMap<object, number[]>();
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryResult>;
  pool.query = (async (...args: unknown[]) => {
    const result = await query(...args);
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== CHAR_OID) continue;
      field.dataTypeID = TEXT_OID;
      charColumns.set(result.rows, [...(charColumns.get(result.rows) ?? []), index]);
    }
    return result;
  }) as pg.Pool['query'];
  return charColumns;
}

async function connect(url: string, closed: () => Promise<unknown>): Promise<SqlDriverAdapter> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const charColumns = disguiseChar(pool);
  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  let closing: Promise<void> | undefined;
  return Object.assign(adapter, {
    queryRaw: async (query: SqlQuery) => {
      const result = await queryRaw(query);
      for (const index of charColumns.get(result.rows) ?? [])
        result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    },
    // Their own splits at every semicolon, also at those inside a function or a string.
    executeScript: async (script: string) => {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
    },
    dispose: () => {
      closing ??= pool.end().then(async () => {
        await closed();
      });
      return closing;
    },
  });
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export interface EngineAdapter {
  factory: SqlMigrationAwareDriverAdapterFactory;
  /** Closes what the engine left open, and removes its shadow databases. */
  close(): Promise<void>;
}

/**
 * What the migration engine reaches a database through. The shadow database is ours to make: given a connection string,
 * `@prisma/adapter-pg` would replay the migrations in the very database that the string names.
 */
export function createEngineAdapter(url: string): EngineAdapter {
  const adapters: SqlDriverAdapter[] = [];
  const opened = async (databaseUrl: string, closed: () => Promise<unknown>) => {
    const adapter = await connect(databaseUrl, closed);
    adapters.push(adapter);
    return adapter;
  };
  return {
    factory: {
      provider: 'postgres',
      adapterName: '@prisma/adapter-pg',
      connect: () => opened(url, async () => undefined),
      connectToShadowDb: async () => {
        const name = `lazyphotos_shadow_${randomUUID().replaceAll('-', '')}`;
        await administer(url, `CREATE DATABASE ${name}`);
        const shadowUrl = new URL(url);
        shadowUrl.pathname = `/${name}`;
        return opened(shadowUrl.href, () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`));
      },
    },
    close: async () => {
      for (const adapter of adapters) await adapter.dispose();
    },
  };
}
