import pg from 'pg';
import type { Db } from 'pg-boss';

/** Statements with parameters that get a name. Those of this bus and of pg-boss are fewer than 30. */
const MAX_NAMES = 100;

/**
 * Runs the statements of pg-boss and of this bus with names, so that PostgreSQL parses and plans each once for a connection. Planning takes
 * most of the time of a statement on pg-boss's table of jobs, which has partitions and many indexes.
 */
export class PreparedStatements implements Db {
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  #sessionStatements: readonly string[] = [];
  #closing: Promise<void> | undefined;

  constructor(config: pg.PoolConfig, onIdleError: (error: Error) => void) {
    this.#pool = new pg.Pool(config);
    this.#pool.on('error', onIdleError);
    this.#pool.on('connect', (client) => {
      for (const statement of this.#sessionStatements) client.query(statement).catch(onIdleError);
    });
  }

  /** pg-boss calls it before its first statement, when it has a clock other than the system's: it gives the sessions the same time. */
  async setSessionStatements(statements: string[]): Promise<void> {
    this.#sessionStatements = statements;
  }

  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    // Texts without parameters may be several statements, which cannot have a name.
    if (!values || values.length === 0) return this.#pool.query(text);
    const name = this.#nameOf(text);
    return this.#pool.query({ text, values, ...(name && { name }) });
  }

  /** Harmless when repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known || this.#names.size >= MAX_NAMES) return known;
    const name = `bus-${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
