import type { describe, it } from '@jest/globals';
import { POSTGRES_URL } from './postgres.js';
import { isFirstInRun, requestSource, type ServerName } from './servers/test-run.js';
import { whyNoDisk } from './small-disk.js';
import { type ToolName, whyToolIsMissing } from './tools/find-tool.js';

/** jest's own globals, because importing its module outside a test run throws, and benchmarks use this package too. */
interface JestGlobals {
  describe: typeof describe;
  it: typeof it;
  /** The group of the test file: see scripts/test-groups.mjs. */
  TEST_GROUP?: string;
}
const jest = globalThis as unknown as JestGlobals;

/**
 * A suite that needs these servers, which are looked for now. On a machine that lacks one it is skipped, and a line says how to get
 * the server; with CI=true it fails.
 */
export function describeWithServers(servers: readonly ServerName[], name: string, suite: () => void): void {
  if (jest.TEST_GROUP === 'unit')
    throw new Error('this file needs servers: scripts/test-groups.mjs must not have it in UNIT');
  describeUnless(servers.map(whyServerIsMissing), name, suite);
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

/** A suite that calls `goTool`, `pythonTool` or `debianTool`, which install these tools where someone asked for it. Else as above. */
export function describeWithTools(tools: readonly ToolName[], name: string, suite: () => void): void {
  const missing = tools.map((tool) => {
    const reason = whyToolIsMissing(tool);
    if (reason !== undefined && isFirstInRun(tool))
      process.stderr.write(`No ${tool} for tests: suites that need it are skipped. ${reason}\n`);
    return reason && `no ${tool} for tests: ${reason}`;
  });
  describeUnless(missing, name, suite);
}

/** A suite that mounts small disks (`mountSmallDisk`), to fill them. */
export function describeWithDisk(name: string, suite: () => void): void {
  const reason = whyNoDisk();
  if (reason !== undefined && isFirstInRun('disk'))
    process.stderr.write(`No small disk for tests: suites that fill one are skipped. ${reason}\n`);
  describeUnless([reason], name, suite);
}

function whyServerIsMissing(server: ServerName): string | undefined {
  const source = requestSource(server);
  if (source.kind === 'none') return `no ${server} for tests: ${source.reason}`;
  if (server === 'postgres' && source.kind === 'shared') process.env[POSTGRES_URL] = source.url;
  return undefined;
}

function describeUnless(missing: (string | undefined)[], name: string, suite: () => void): void {
  const problems = missing.filter((problem) => problem !== undefined);
  if (problems.length === 0) jest.describe(name, suite);
  else if (process.env.CI !== 'true') jest.describe.skip(name, suite);
  else
    jest.describe(name, () => {
      jest.it('has what it needs', () => {
        throw new Error(problems.join('\n'));
      });
    });
}
