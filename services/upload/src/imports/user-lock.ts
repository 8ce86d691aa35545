import type { Database } from '@lazyphotos/database';

const KEY = `hashtextextended('import:' || $1, 0)`;

/**
 * Runs `work` while no other process does so for the same user; resolves to false when another one does. The lock belongs to the
 * connection, so it ends with the process. If the connection breaks, the signal that `work` gets is aborted.
 */
export async function withImportLock(
  pool: Database['pool'],
  userId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onError = (error: Error) => lost.abort(error);
  client.on('error', onError);
  let fault: Error | undefined;
  try {
    const { rows } = await client.query(`SELECT pg_try_advisory_lock(${KEY}) AS locked`, [userId]);
    if (!rows[0].locked) return false;
    try {
      await work(AbortSignal.any([signal, lost.signal]));
    } finally {
      await client.query(`SELECT pg_advisory_unlock(${KEY})`, [userId]).catch((error: Error) => {
        fault = error;
      });
    }
    return true;
  } finally {
    client.off('error', onError);
    // A connection that may still hold the lock is closed, and the lock ends with it.
    client.release(fault ?? lost.signal.aborted);
  }
}
