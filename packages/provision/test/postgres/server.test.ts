import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithPostgres, startTestPostgres, type TestPostgres } from '@lazyphotos/testkit';
import { provisionPostgres, type ServiceDatabase } from '../../src/index.js';
import { createLog } from '../log.js';
import { codeOf, migrationsOf } from './fixture.js';

const REFUSED = '42501';

describeWithPostgres('provisioning a server of its own', () => {
  let server: TestPostgres;
  let services: ServiceDatabase[];
  beforeAll(async () => {
    server = await startTestPostgres();
    const url = Object.assign(new URL(server.url), { username: 'feed', password: 'word', pathname: '/feed' });
    services = [{ service: 'feed', url: url.href, migrationsPath: migrationsOf('feed') }];
  });
  afterAll(() => server.stop());

  test('fails after a while when the server does not start', async () => {
    await server.shutDown();
    const options = { adminUrl: server.url, services, logger: createLog(), retryForMs: 300 };
    await expect(provisionPostgres(options)).rejects.toMatchObject({
      code: 'provision_failed',
      message: expect.stringContaining('PostgreSQL does not respond: '),
    });
  });

  test('waits for a server that is still starting', async () => {
    await server.shutDown();
    let restarted: Promise<void> | undefined;
    const logger = createLog(({ message }) => {
      if (message === 'waiting for PostgreSQL') restarted ??= server.restart();
    });
    await provisionPostgres({ adminUrl: server.url, services, logger });
    expect(restarted).toBeDefined();
    await restarted;
    expect(logger.lines.at(-1)).toMatchObject({ message: 'database ready', fields: { for: 'feed' } });
  });

  test("revokes CONNECT on the server's own databases, and leaves none public", async () => {
    const logger = createLog();
    await provisionPostgres({ adminUrl: server.url, services, logger });
    expect(logger.lines.map(({ level }) => level)).not.toContain('warn');
    for (const pathname of ['/postgres', '/template1']) {
      const url = Object.assign(new URL(services[0]?.url ?? ''), { pathname });
      expect(await codeOf(url.href)).toBe(REFUSED);
    }
    expect(await codeOf(services[0]?.url ?? '')).toBeUndefined();
  });
});
