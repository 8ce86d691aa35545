interface Queryable {
  query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Resolves when some statement that matches waits for a lock. The test's own time limit ends it. */
export async function waitingFor(pool: Queryable, pattern: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query ~ $1`,
      [pattern],
    );
    if (rows.length > 0) return;
  }
}
