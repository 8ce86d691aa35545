import { POSTGRES_URL } from '../postgres/source.js';
import { takeKept } from './kept-postgres.js';

/** After the last test, failed or not. A server that was given to us is left alone. */
export default async function globalTeardown(): Promise<void> {
  const server = takeKept();
  if (!server) return;
  delete process.env[POSTGRES_URL];
  await server.stop();
}
