import type { PgBoss } from 'pg-boss';

const REASON = 'Error: the process ended while it handled the event';

interface Orphan {
  id: string;
  name: string;
}

/**
 * An event in hand of a process that no longer exists goes back to the start of its queue. It counts as a try, so that an
 * event that kills its process ends among the dead letters.
 */
export async function redeliverOrphans(boss: PgBoss, queues: string[]): Promise<void> {
  const db = boss.getDb();
  await db.executeSql(
    `UPDATE pgboss.job SET state = 'retry', start_after = now()
      WHERE state = 'active' AND name = ANY($1) AND retry_count < retry_limit`,
    [queues],
  );
  const { rows } = await db.executeSql(
    `SELECT id, name FROM pgboss.job WHERE state = 'active' AND name = ANY($1)`,
    [queues],
  );
  for (const { name, id } of rows as Orphan[]) await boss.fail(name, id, { message: REASON });
}
