import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

export interface EngineAdapter {
  factory: SqlMigrationAwareDriverAdapterFactory;
  /** Closes what the engine left open, and removes its shadow databases. */
  close(): Promise<void>;
}

/** The one-byte type `"char"` of PostgreSQL's catalogs: the only catalog type that `@prisma/adapter-pg` does not know. */
const CHAR_OID = 18;
const TEXT_OID = 25;

/**
 * Connects the schema engine to a database. It makes the shadow databases itself: given a connection string, `@prisma/adapter-pg` would
 * apply the migrations to the very database that the string names.
 */
export function createEngineAdapter(url: string): EngineAdapter {
  const adapters: SqlDriverAdapter[] = [];
  const open = async (databaseUrl: string, afterClose: () => Promise<void>) => {
    const adapter = await connect(databaseUrl, afterClose);
    adapters.push(adapter);
    return adapter;
  };
  return {
    factory: {
      provider: 'postgres',
      adapterName: '@prisma/adapter-pg',
      connect: () => open(url, async () => undefined),
      connectToShadowDb: async () => {
        const name = `lazyphotos_shadow_${randomUUID().replaceAll('-', '')}`;
        await administer(url, `CREATE DATABASE ${name}`);
        const shadowUrl = new URL(url);
        shadowUrl.pathname = `/${name}`;
        return open(shadowUrl.href, () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`));
      },
    },
    close: async () => {
      for (const adapter of adapters) await adapter.dispose();
    },
  };
}

async function connect(url: string, afterClose: () => Promise<void>): Promise<SqlDriverAdapter> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const charColumns = readCharAsText(pool);
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
    // The adapter's own splits at every semicolon, including those inside functions and strings.
    executeScript: async (script: string) => {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
    },
    dispose: () => {
      closing ??= pool.end().then(afterClose);
      return closing;
    },
  });
}

/** Makes the pool report `"char"` columns as text, and returns which columns of each result they were. */
function readCharAsText(pool: pg.Pool): WeakMap<object, number[]> {
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

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
