import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMinio, eventually } from '@lazyphotos/testkit';
import { encryptBody } from '../../src/storage/minio-admin.js';
import { codeOf, createFixture, type Fixture } from './fixture.js';

const KEY = 'originals/user/photo';
/** MinIO does not report when it looks for stale uploads, which it does each second here. A wait that is too short makes the test weaker, not wrong. */
const SEVERAL_CLEANINGS_MS = 4000;

describeWithMinio('provisioning MinIO', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await createFixture();
  });
  afterAll(() => fixture.stop());

  test('logs what it made, without any secret', async () => {
    const lines = await fixture.run();
    expect(lines.map(({ message, fields }) => [message, fields.for ?? fields.created])).toEqual([
      ['bucket ready', true],
      ['incomplete uploads are removed by MinIO itself', undefined],
      ['storage user ready', 'gateway'],
      ['storage user ready', 'upload'],
      ['storage user ready', 'media-worker'],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/it's|100%/);
  });

  test('may be run again, also concurrently: objects and users stay', async () => {
    await fixture.client.putObject(fixture.bucket, KEY, 'kept');
    const runs = await Promise.all([fixture.run(), fixture.run()]);
    expect(runs.map(([line]) => line?.fields.created)).toEqual([false, false]);
    const stream = await fixture.clientOf(fixture.users.gateway).getObject(fixture.bucket, KEY);
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('kept');
  });

  test('a changed secret is applied', async () => {
    const changed = { ...fixture.users.gateway, secretAccessKey: 'changed-secret' };
    const stat = (user: typeof changed) => codeOf(fixture.clientOf(user).statObject(fixture.bucket, KEY));
    await fixture.run({ users: { gateway: changed } });
    expect(await stat(changed)).toBeUndefined();
    expect(await stat(fixture.users.gateway)).toBe('AccessDenied');
    await fixture.run();
    expect(await stat(fixture.users.gateway)).toBeUndefined();
  });

  test('rights that were added by hand are revoked', async () => {
    const { gateway } = fixture.users;
    const write = () => codeOf(fixture.clientOf(gateway).putObject(fixture.bucket, KEY, 'written'));
    await fixture.admin.setPolicy(gateway.accessKeyId, 'readwrite');
    expect(await write()).toBeUndefined();
    await fixture.run();
    expect(await write()).toBe('AccessDenied');
  });

  test('the server does not remove slow uploads', async () => {
    const begin = (key: string) => fixture.client.initiateNewMultipartUpload(fixture.bucket, key, {});
    const isThere = async (key: string) => Boolean(await fixture.client.findUploadId(fixture.bucket, key));
    const shortLived = 'api stale_uploads_expiry=1s stale_uploads_cleanup_interval=1s';
    await fixture.admin.setConfig(shortLived);
    await begin('originals/user/stale');
    await eventually(async () => expect(await isThere('originals/user/stale')).toBe(false));

    await fixture.run();
    await begin('originals/user/slow');
    await sleep(SEVERAL_CLEANINGS_MS);
    expect(await isThere('originals/user/slow')).toBe(true);

    // Only the setting has kept it: the server still cleans up.
    await fixture.admin.setConfig(shortLived);
    await eventually(async () => expect(await isThere('originals/user/slow')).toBe(false));
    await fixture.admin.setConfig('api stale_uploads_expiry=720h stale_uploads_cleanup_interval=6h');
  });

  test('wrong credentials of the administrator fail at once, with one line', async () => {
    const waited: string[] = [];
    const attempt = fixture.run({
      admin: { accessKeyId: fixture.minio.accessKeyId, secretAccessKey: 'hush-hush' },
      onLine: ({ message }) => waited.push(message),
    });
    const error = (await attempt.catch((reason: unknown) => reason)) as Error & { code: string };
    expect(error).toMatchObject({ name: 'ProvisionError', code: 'provision_failed' });
    expect(error.message).toMatch(/^the object store refuses [^\n]+ \(AccessDenied\)$/);
    expect(error.message).not.toContain('hush-hush');
    expect(waited).toEqual([]);
  });

  test('a user who is no administrator gets an error that names what was refused', async () => {
    const attempt = fixture.run({ admin: fixture.users.upload });
    await expect(attempt).rejects.toThrow('MinIO refuses its configuration: ');
  });

  test('waits for a server that is still starting', async () => {
    if (!fixture.minio.canRestart) return;
    await fixture.minio.shutDown();
    let restarted: Promise<void> | undefined;
    await fixture.run({
      onLine: ({ message }) => {
        if (message === 'waiting for the object store') restarted ??= fixture.minio.restart();
      },
    });
    expect(restarted).toBeDefined();
    await restarted;
  });
});

test('a body too long for one fragment is refused, not cut', () => {
  expect(() => encryptBody('secret', 'x'.repeat(16_385))).toThrow(RangeError);
});
