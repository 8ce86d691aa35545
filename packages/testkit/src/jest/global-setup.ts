import { POSTGRES_URL, startTestServer } from '../postgres/server.js';
import { keep } from './kept-server.js';

/** Before the first test: a PostgreSQL for all suites, told to them by an environment variable. */
export default async function globalSetup(): Promise<void> {
  if (process.env[POSTGRES_URL]) return;
  try {
    const server = await startTestServer();
    keep(server);
    process.env[POSTGRES_URL] = server.url;
  } catch (error) {
    const line = `No PostgreSQL for tests: ${error instanceof Error ? error.message : String(error)}`;
    if (process.env.CI === 'true') throw new Error(line);
    process.stderr.write(`${line}. Suites that need one are skipped.\n`);
  }
}
