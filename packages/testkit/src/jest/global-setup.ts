import { findRunningPostgres, POSTGRES_URL } from '../postgres/source.js';
import { startSuitesPostgres } from '../postgres/start.js';
import { FOUND_SERVERS, findServers } from '../servers/sources.js';
import { MISSING_TOOLS, prepareTools } from '../tools/prepare.js';
import { keep } from './kept-postgres.js';

/** The part of jest's configuration that is read here. */
interface GlobalConfig {
  testPathPatterns: { patterns: string[] };
}

/**
 * Before the first test: a PostgreSQL for all suites; where RabbitMQ, MinIO, ClamAV and Chromium are started from, when a suite
 * wants one; and before a whole run the tools too, lest their builds slow down the tests. All is told to the test files by
 * environment variables.
 */
export default async function globalSetup(config: GlobalConfig): Promise<void> {
  const isWholeRun = config.testPathPatterns.patterns.length === 0;
  const problems = await Promise.all([providePostgres(), provideServers(), isWholeRun ? provideTools() : []]);
  const lines = problems.flat();
  if (lines.length > 0 && process.env.CI === 'true') throw new Error(lines.join('\n'));
  for (const line of lines) process.stderr.write(`${line}\nSuites that need it are skipped.\n`);
}

async function providePostgres(): Promise<string[]> {
  if (process.env[POSTGRES_URL]) return [];
  try {
    process.env[POSTGRES_URL] = (await findRunningPostgres()) ?? (await startKept());
    return [];
  } catch (error) {
    return [`No PostgreSQL for tests: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function startKept(): Promise<string> {
  const server = await startSuitesPostgres();
  keep(server);
  return server.url;
}

async function provideServers(): Promise<string[]> {
  const sources = await findServers();
  process.env[FOUND_SERVERS] = JSON.stringify(sources);
  const names = { rabbitmq: 'RabbitMQ', minio: 'MinIO', clamd: 'ClamAV', chromium: 'Chromium' };
  return (['rabbitmq', 'minio', 'clamd', 'chromium'] as const).flatMap((name) => {
    const source = sources[name];
    return source.kind === 'none' ? [`No ${names[name]} for tests: ${source.reason}`] : [];
  });
}

async function provideTools(): Promise<string[]> {
  const missing = await prepareTools();
  process.env[MISSING_TOOLS] = missing.map(({ name }) => name).join(',');
  return missing.map(({ name, reason }) => `No ${name} for tests: ${reason}`);
}
