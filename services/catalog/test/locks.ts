interface Queryable {
  query(sql: string): Promise<{ rows: { count: number }[] }>;
}

/** Resolves when this many connections to the database wait for a lock. The test's own time limit ends it. */
export async function waitingForLocks(pool: Queryable, count: number): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    if (rows[0]?.count === count) return;
  }
}
