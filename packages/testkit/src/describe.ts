import type { describe } from '@jest/globals';
import { POSTGRES_URL } from './postgres/source.js';
import { foundSources, type StartedServer } from './servers/sources.js';
import { missingTools, type ToolName } from './tools/prepare.js';

type Describe = typeof describe;

export type ServerName = 'postgres' | StartedServer;

/** A suite that needs these servers: skipped on a machine that lacks one (global setup has said so, and CI refuses). */
export function describeWithServers(servers: readonly ServerName[], name: string, suite: () => void): void {
  describeIf(servers.every(isThere), name, suite);
}

export function describeWithPostgres(name: string, suite: () => void): void {
  describeWithServers(['postgres'], name, suite);
}

export function describeWithRabbitMq(name: string, suite: () => void): void {
  describeWithServers(['rabbitmq'], name, suite);
}

export function describeWithClamd(name: string, suite: () => void): void {
  describeWithServers(['clamd'], name, suite);
}

export function describeWithMinio(name: string, suite: () => void): void {
  describeWithServers(['minio'], name, suite);
}

/** A suite that opens pages of a gateway in a real browser. */
export function describeWithBrowser(name: string, suite: () => void): void {
  describeWithServers(['postgres', 'chromium'], name, suite);
}

/** A suite that calls `goTool`, `pythonTool` or `debianTool`: skipped on a machine that can neither build nor install these tools. */
export function describeWithTools(tools: readonly ToolName[], name: string, suite: () => void): void {
  const missing = missingTools();
  describeIf(!tools.some((tool) => missing.includes(tool)), name, suite);
}

function isThere(server: ServerName): boolean {
  if (server === 'postgres') return Boolean(process.env[POSTGRES_URL]);
  const source = foundSources()[server];
  return source !== undefined && source.kind !== 'none';
}

function describeIf(condition: boolean, name: string, suite: () => void): void {
  // jest's own global, because importing its module outside a test run throws, and benchmarks use this package too.
  const { describe } = globalThis as unknown as { describe: Describe };
  (condition ? describe : describe.skip)(name, suite);
}
