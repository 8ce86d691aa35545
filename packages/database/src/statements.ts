import type pg from 'pg';

/**
 * A statement of a hot path. PostgreSQL parses and plans it once for each connection, where Prisma has a text parsed anew each time and
 * often sends several. `Row` is what `pg` returns for it: int8 as a string, timestamptz as a Date.
 */
export interface Statement<Row extends pg.QueryResultRow> {
  /** Unique in its service, and shown by pg_prepared_statements. */
  readonly name: string;
  readonly text: string;
  /** Only a type; it is never set. */
  readonly row?: Row;
}

export function statement<Row extends pg.QueryResultRow>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/** Runs a statement on a pool, where it is a transaction of its own, or on a connection. Resolves to its rows. */
export async function run<Row extends pg.QueryResultRow>(
  { pool }: { pool: Pick<pg.Pool, 'query'> },
  { name, text }: Statement<Row>,
  values: readonly unknown[],
): Promise<Row[]> {
  const { rows } = await pool.query<Row>({ name, text, values: [...values] });
  return rows;
}
