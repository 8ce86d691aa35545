/** Keeps the PostgreSQL of one test run: started by server.ts, ends with its parent. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@lazyphotos/embedded-postgres';
import type { KeeperMessage } from './server.js';

/** Tests cut processes, not power. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '128MB',
};

const parentLeft = new Promise((resolve) => process.once('disconnect', resolve));
const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-test-'));
try {
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), settings: SETTINGS });
  tell({ url: postgres.url('postgres') });
  await parentLeft;
  await postgres.stop();
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
} finally {
  await rm(folder, { recursive: true, force: true });
  if (process.connected) process.disconnect();
}

function tell(message: KeeperMessage): void {
  if (process.connected) process.send?.(message);
}
