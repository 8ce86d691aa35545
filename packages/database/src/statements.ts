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

/** How many texts of a pool get names. The plan of a page of photos takes a third of a megabyte in each connection that has used it. */
const MOST_NAMES = 16;

/**
 * Names for SQL that is put together from parts, such as the filters of a list. PostgreSQL parses and plans a text with a name once for
 * each connection, and keeps it until the connection closes. So only the first texts get one: those that clients use most come early.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** Returns the name of a text; undefined when there are no more. */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size === MOST_NAMES) return known;
    const name = `text-${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }
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
