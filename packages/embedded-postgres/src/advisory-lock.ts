import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Access, connectTo } from './connect.js';
import { DataFolderInUseError } from './errors.js';

export interface HeldLock {
  /** Aborted when the connection that holds the lock breaks: from then on another process may have it. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

const POLL_MS = 200;

/**
 * Takes a lock that ends with its connection, so with this process, however it ends. Rejects with
 * DataFolderInUseError after `waitMs`, and with the driver's error when the server goes away meanwhile.
 */
export async function takeLock(access: Access, name: string, deadline: number): Promise<HeldLock> {
  const client = await connectTo(access, { applicationName: `lazyphotos ${name} lock, node ${process.pid}` });
  try {
    while (!(await tryLock(client, name))) {
      if (Date.now() >= deadline) throw new DataFolderInUseError(await inUseMessage(client, name));
      await sleep(Math.min(POLL_MS, Math.max(1, deadline - Date.now())));
    }
    // Given by a server that is just shutting down, the lock would be worth nothing: then this rejects.
    await client.query('SELECT 1');
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return heldLock(client);
}

function heldLock(client: Client): HeldLock {
  const lost = new AbortController();
  let released = false;
  client.on('end', () => {
    if (!released) lost.abort();
  });
  return {
    lost: lost.signal,
    release: async () => {
      released = true;
      await client.end().catch(() => {});
    },
  };
}

async function tryLock(client: Client, name: string): Promise<boolean> {
  const text = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken';
  const { rows } = await client.query<{ taken: boolean }>(text, [name]);
  return rows[0]?.taken === true;
}

async function inUseMessage(client: Client, name: string): Promise<string> {
  const text = `
    SELECT application_name AS holder FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND application_name LIKE $1`;
  const { rows } = await client.query<{ holder: string }>(text, [`lazyphotos ${name} lock, %`]);
  const node = rows[0]?.holder.split(', ')[1];
  return `Another LazyPhotos is using this data folder${node ? ` (${node.replace('node', 'process')})` : ''}`;
}
