import { join } from 'node:path';
import { writeFileDurably } from '@lazyphotos/system';

/**
 * For a Raspberry Pi: little memory, few processes, few writes to the card. Stored data must survive a power cut,
 * so fsync, full_page_writes and synchronous_commit keep their default, on.
 */
const DEFAULTS: Record<string, string> = {
  max_connections: '60',
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  huge_pages: 'off',
  io_method: 'sync', // no I/O worker processes
  jit: 'off',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '1',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '2',
  random_page_cost: '1.1', // the data lies on an SSD

  // One server without replicas: the log serves crash recovery only.
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  min_wal_size: '64MB',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',

  timezone: 'UTC',
  log_timezone: 'UTC',
  default_text_search_config: 'pg_catalog.english', // what initdb chooses in most places, the containers' too
  log_line_prefix: '%m [%p] %e ', // %e: errors.ts reads the SQLSTATE
  log_checkpoints: 'off',
  log_min_error_statement: 'panic', // a statement may hold a user's data
};

/** Replaces postgresql.conf at each start, so that an update brings its settings. Returns its path. */
export async function writeSettings(
  dataDir: string,
  port: number,
  overrides: Record<string, string>,
): Promise<string> {
  const fixed = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
  const all = { ...DEFAULTS, ...overrides, ...fixed };
  const lines = Object.entries(all).map(
    ([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  );
  const file = join(dataDir, 'postgresql.conf');
  await writeFileDurably(file, `# Written by LazyPhotos at each start.\n${lines.join('\n')}\n`);
  return file;
}
