import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '@lazyphotos/testkit';

const { GROUPS, groupOf, SLOW } = await import(join(repository, 'scripts/test-groups.mjs'));

const files = globSync(['{packages,services}/*/test/**/*.test.ts', 'deploy/test/**/*.test.ts'], {
  cwd: repository,
});

/** What of the testkit finds or starts a server. */
const SERVERS =
  /\b(describeWith(Servers|Postgres|RabbitMq|Minio|Clamd|Browser)|createTestDatabase|start(TestPostgres|RabbitMq|Minio|Clamd|Browser|OwnNode)|sharedNode)\b/;

/** Whether a test file, or a helper that it imports, needs a server. */
function needsServer(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const text = readFileSync(join(repository, file), 'utf8');
  if (SERVERS.test(text)) return true;
  return [...text.matchAll(/from '(\.[^']+)\.js'/g)]
    .map(([, path = '']) => normalize(join(dirname(file), `${path}.ts`)))
    .filter((path) => path.includes('/test/') && existsSync(join(repository, path)))
    .some((path) => needsServer(path, seen));
}

const isIn = (list: string[], file: string) => list.some((beginning) => file.startsWith(beginning));

describe('scripts/test-groups.mjs', () => {
  test('names only what exists', () => {
    const named: string[] = [...Object.values<string[]>(GROUPS).flat(), ...SLOW];
    expect(named.filter((beginning) => !files.some((file) => file.startsWith(beginning)))).toEqual([]);
  });

  test('has no file in `unit` that needs a server', () => {
    expect(files.filter((file) => groupOf(file) === 'unit' && needsServer(file))).toEqual([]);
  });

  test('has every file without a server in `unit`, unless it says that it is too slow', () => {
    const others = files.filter((file) => groupOf(file) === 'services' && !isIn(SLOW, file));
    expect(others.filter((file) => !needsServer(file))).toEqual([]);
  });
});
