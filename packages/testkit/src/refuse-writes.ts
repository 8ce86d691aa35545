import { randomUUID } from 'node:crypto';
import type pg from 'pg';

export interface RefusedWrites {
  table: string;
  /** `statement`: the statement that writes a row fails. `commit`: it succeeds, and the transaction fails when it commits. */
  at: 'statement' | 'commit';
  /** SQL: only rows of which this is true. They are called `new`. */
  when?: string;
}

/** While `work` runs, the database refuses new and changed rows of a table. */
export async function refuseWrites<T>(
  pool: Pick<pg.Pool, 'query'>,
  { table, at, when = 'true' }: RefusedWrites,
  work: () => Promise<T>,
): Promise<T> {
  const name = `refuse_${randomUUID().replaceAll('-', '')}`;
  const kind =
    at === 'statement'
      ? `TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${table}`
      : `CONSTRAINT TRIGGER ${name} AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED`;
  await pool.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'refused by the test'; END $$;
    CREATE ${kind} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${name}()`);
  try {
    return await work();
  } finally {
    await pool.query(`DROP FUNCTION ${name} CASCADE`);
  }
}
