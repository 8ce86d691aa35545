import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithMinio, eventually } from '@lazyphotos/testkit';
import { encryptBody } from '../../src/storage/minio-admin.js';
import { codeOf, createGround, type Ground } from './ground.js';

const KEY = 'originals/user/photo';
/** MinIO does not report when it looks for stale uploads, which it does each second here. Too short a wait makes the test milder, not wrong. */
const SEVERAL_CLEANINGS_MS = 4000;

describeWithMinio('provisioning MinIO', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await createGround();
  });
  afterAll(() => ground.stop());

  test('says what it made, without any secret', async () => {
    const lines = await ground.run();
    expect(lines.map(({ message, fields }) => [message, fields.for ?? fields.created])).toEqual([
      ['bucket ready', true],
      ['incomplete uploads are removed by MinIO itself', undefined],
      ['storage user ready', 'gateway'],
      ['storage user ready', 'upload'],
      ['storage user ready', 'media-worker'],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/it's|100%/);
  });

  test('may be run again, also twice at once: objects and users stay', async () => {
    await ground.client.putObject(ground.bucket, KEY, 'kept');
    const runs = await Promise.all([ground.run(), ground.run()]);
    expect(runs.map(([line]) => line?.fields.created)).toEqual([false, false]);
    const stream = await ground.clientOf(ground.users.gateway).getObject(ground.bucket, KEY);
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('kept');
  });

  test('a changed secret is applied', async () => {
    const changed = { ...ground.users.gateway, secretAccessKey: 'changed-secret' };
    const stat = (user: typeof changed) => codeOf(ground.clientOf(user).statObject(ground.bucket, KEY));
    await ground.run({ users: { gateway: changed } });
    expect(await stat(changed)).toBeUndefined();
    expect(await stat(ground.users.gateway)).toBe('AccessDenied');
    await ground.run();
    expect(await stat(ground.users.gateway)).toBeUndefined();
  });

  test('rights that were added by hand are taken away again', async () => {
    const { gateway } = ground.users;
    const write = () => codeOf(ground.clientOf(gateway).putObject(ground.bucket, KEY, 'written'));
    await ground.admin.setPolicy(gateway.accessKeyId, 'readwrite');
    expect(await write()).toBeUndefined();
    await ground.run();
    expect(await write()).toBe('AccessDenied');
  });

  test('uploads that take long are not taken away by the server', async () => {
    const begin = (key: string) => ground.client.initiateNewMultipartUpload(ground.bucket, key, {});
    const isThere = async (key: string) => Boolean(await ground.client.findUploadId(ground.bucket, key));
    const shortLived = 'api stale_uploads_expiry=1s stale_uploads_cleanup_interval=1s';
    await ground.admin.setConfig(shortLived);
    await begin('originals/user/stale');
    await eventually(async () => expect(await isThere('originals/user/stale')).toBe(false));

    await ground.run();
    await begin('originals/user/slow');
    await sleep(SEVERAL_CLEANINGS_MS);
    expect(await isThere('originals/user/slow')).toBe(true);

    // Only the setting has kept it: the server has not stopped cleaning.
    await ground.admin.setConfig(shortLived);
    await eventually(async () => expect(await isThere('originals/user/slow')).toBe(false));
    await ground.admin.setConfig('api stale_uploads_expiry=720h stale_uploads_cleanup_interval=6h');
  });

  test('a wrong administrator is told in one line, and at once', async () => {
    const waited: string[] = [];
    const attempt = ground.run({
      admin: { accessKeyId: ground.minio.accessKeyId, secretAccessKey: 'hush-hush' },
      onLine: ({ message }) => waited.push(message),
    });
    const error = (await attempt.catch((reason: unknown) => reason)) as Error & { code: string };
    expect(error).toMatchObject({ name: 'ProvisionError', code: 'provision_failed' });
    expect(error.message).toMatch(/^the object store refuses [^\n]+ \(AccessDenied\)$/);
    expect(error.message).not.toContain('hush-hush');
    expect(waited).toEqual([]);
  });

  test('an administrator who may not administer is told what was refused', async () => {
    const attempt = ground.run({ admin: ground.users.upload });
    await expect(attempt).rejects.toThrow('MinIO refuses its configuration: ');
  });

  test('a server that is still starting is waited for', async () => {
    if (!ground.minio.canRestart) return;
    await ground.minio.shutDown();
    let restarted: Promise<void> | undefined;
    await ground.run({
      onLine: ({ message }) => {
        if (message === 'waiting for the object store') restarted ??= ground.minio.restart();
      },
    });
    expect(restarted).toBeDefined();
    await restarted;
  });
});

test('a body too long for one fragment is refused, not cut', () => {
  expect(() => encryptBody('secret', 'x'.repeat(16_385))).toThrow(RangeError);
});
