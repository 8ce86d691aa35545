import type { TestServer } from '../postgres/server.js';

/** Hands the server from global setup to global teardown: jest loads both in one process. */
let kept: TestServer | undefined;

export function keep(server: TestServer): void {
  kept = server;
}

export function takeKept(): TestServer | undefined {
  const server = kept;
  kept = undefined;
  return server;
}
