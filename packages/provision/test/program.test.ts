import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { createFixture } from './postgres/fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program as in a container, with no other settings than these. */
const provision = (args: string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { PATH: process.env.PATH, ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('the program', () => {
  test.each([[[]], [['everything']], [['postgres', 'storage']], [['storage', '--force']]])(
    'with %j prints its usage',
    async (args) => {
      const { code, stderr } = await provision(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^usage: provision postgres \| storage \| bus \| dead-letters/);
    },
  );

  test('names every setting that is missing', async () => {
    const { code, stderr } = await provision(['postgres']);
    expect(code).toBe(2);
    expect(linesOf(stderr).map((line) => line.split(' ')[0])).toEqual([
      'LAZYPHOTOS_ADMIN_DATABASE_URL',
      'LAZYPHOTOS_GATEWAY_DATABASE_URL',
      'LAZYPHOTOS_AUTH_DATABASE_URL',
      'LAZYPHOTOS_UPLOAD_DATABASE_URL',
      'LAZYPHOTOS_CATALOG_DATABASE_URL',
      'LAZYPHOTOS_FEED_DATABASE_URL',
      'LAZYPHOTOS_MEDIA_WORKER_DATABASE_URL',
    ]);
  });

  test.each([
    ['a bucket', {}, 'S3_BUCKET must be set'],
    [
      'both halves of a user',
      { S3_BUCKET: 'photos', S3_UPLOAD_ACCESS_KEY_ID: 'upload' },
      'S3_UPLOAD_ACCESS_KEY_ID and S3_UPLOAD_SECRET_ACCESS_KEY must be given together',
    ],
    [
      'users that differ',
      { S3_BUCKET: 'photos', S3_UPLOAD_ACCESS_KEY_ID: 'admin', S3_UPLOAD_SECRET_ACCESS_KEY: 'hush-hush' },
      'S3_UPLOAD_ACCESS_KEY_ID and S3_ADMIN_ACCESS_KEY_ID must differ',
    ],
    [
      'an endpoint without a path',
      { S3_BUCKET: 'photos', S3_ENDPOINT: 'http://127.0.0.1:1/s3' },
      'S3_ENDPOINT is malformed: must have no path',
    ],
  ])('requires %s', async (_title, env, problem) => {
    const admin = { S3_ADMIN_ACCESS_KEY_ID: 'admin', S3_ADMIN_SECRET_ACCESS_KEY: 'hush-hush' };
    const { code, stderr } = await provision(['storage'], { ...admin, ...env });
    expect(code).toBe(2);
    expect(linesOf(stderr)).toEqual([expect.stringContaining(problem)]);
    expect(stderr).not.toContain('hush-hush');
  });
});

describeWithPostgres('the program on a server', () => {
  test('exits with 0 when done, and with 1 and one line when refused, without passwords', async () => {
    const fixture = await createFixture();
    const env: Record<string, string> = { LAZYPHOTOS_MIGRATIONS_DIR: 'services' };
    for (const { service, url } of fixture.services) {
      env[`LAZYPHOTOS_${service.toUpperCase().replace('-', '_')}_DATABASE_URL`] = url;
    }
    const done = await provision(['postgres'], { ...env, LAZYPHOTOS_ADMIN_DATABASE_URL: fixture.adminUrl });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    const ready = linesOf(done.stdout).map((line) => JSON.parse(line) as { message: string });
    expect(ready.filter(({ message }) => message === 'database ready')).toHaveLength(SERVICE_NAMES.length);

    const stranger = Object.assign(new URL(fixture.adminUrl), { password: 'hush-hush' }).href;
    const failed = await provision(['postgres'], { ...env, LAZYPHOTOS_ADMIN_DATABASE_URL: stranger });
    expect(failed.code).toBe(1);
    expect(linesOf(failed.stderr)).toEqual([
      expect.stringMatching(/^provision postgres: PostgreSQL refuses the administrator: /),
    ]);
    expect(JSON.stringify([done, failed])).not.toMatch(/it's|100%|hush-hush/);
    await fixture.remove();
  });
});
