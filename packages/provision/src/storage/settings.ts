import { bucketSettings, stagingSettings } from '@lazyphotos/object-storage/settings';
import { readKnownSettings } from '@lazyphotos/runtime';
import { type Environment, SettingsError, type SettingsOf, setting, text } from '@lazyphotos/service-kit';
import { GIVEN_SECRET } from '../postgres/settings.js';
import type { Credentials } from './bucket.js';
import { type ServiceUsers, STORE_USERS, type StoreUser } from './policies.js';
import type { ProvisionStorageOptions } from './provision.js';

const id = (service: string) =>
  setting(
    `S3_${service}_ACCESS_KEY_ID`,
    text(3).optional(),
    'The S3_ACCESS_KEY_ID of that service, whose user is created on MinIO; for provisioning only',
    { absent: 'no user is created', secret: true },
  );
const secret = (service: string) =>
  setting(
    `S3_${service}_SECRET_ACCESS_KEY`,
    text(8).optional(),
    'The S3_SECRET_ACCESS_KEY of that service; for provisioning only',
    { absent: 'no user is created', secret: true },
  );

export const storageSettings = {
  ...bucketSettings,
  ...stagingSettings,
  s3AdminAccessKeyId: setting(
    'S3_ADMIN_ACCESS_KEY_ID',
    text(3),
    'The administrator of the S3 server, for provisioning only',
    GIVEN_SECRET,
  ),
  s3AdminSecretAccessKey: setting(
    'S3_ADMIN_SECRET_ACCESS_KEY',
    text(8),
    'The secret of S3_ADMIN_ACCESS_KEY_ID, for provisioning only',
    GIVEN_SECRET,
  ),
  gatewayId: id('GATEWAY'),
  gatewaySecret: secret('GATEWAY'),
  uploadId: id('UPLOAD'),
  uploadSecret: secret('UPLOAD'),
  mediaWorkerId: id('MEDIA_WORKER'),
  mediaWorkerSecret: secret('MEDIA_WORKER'),
};
type StorageSettings = SettingsOf<typeof storageSettings>;

const PAIRS = {
  gateway: { id: 'gatewayId', secret: 'gatewaySecret' },
  upload: { id: 'uploadId', secret: 'uploadSecret' },
  'media-worker': { id: 'mediaWorkerId', secret: 'mediaWorkerSecret' },
} as const satisfies Record<StoreUser, object>;

function credentialsOf(settings: StorageSettings, service: StoreUser): Credentials | undefined {
  const { id, secret } = PAIRS[service];
  const accessKeyId = settings[id];
  const secretAccessKey = settings[secret];
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

function problemsOf(settings: StorageSettings): string[] {
  const problems: string[] = [];
  if (!settings.s3Bucket) problems.push('S3_BUCKET must be set: the bucket to be made');
  if (settings.s3Endpoint && new URL(settings.s3Endpoint).pathname !== '/') {
    problems.push('S3_ENDPOINT is malformed: must have no path');
  }
  const taken = new Map([[settings.s3AdminAccessKeyId, 'S3_ADMIN_ACCESS_KEY_ID']]);
  for (const service of STORE_USERS) {
    const { id, secret } = PAIRS[service];
    const name = storageSettings[id].name;
    if (Boolean(settings[id]) !== Boolean(settings[secret])) {
      problems.push(`${name} and ${storageSettings[secret].name} must be given together`);
    }
    const accessKeyId = settings[id];
    if (!accessKeyId) continue;
    const rival = taken.get(accessKeyId);
    if (rival) problems.push(`${name} and ${rival} must differ`);
    taken.set(accessKeyId, name);
  }
  return problems;
}

/** @throws SettingsError */
export function readStorageSettings(env: Environment): Omit<ProvisionStorageOptions, 'logger'> {
  const settings = readKnownSettings(env, storageSettings);
  const problems = problemsOf(settings);
  if (problems.length > 0) throw new SettingsError(problems);
  const users: ServiceUsers = {};
  for (const service of STORE_USERS) {
    const user = credentialsOf(settings, service);
    if (user) users[service] = user;
  }
  return {
    endpoint: settings.s3Endpoint,
    region: settings.s3Region,
    bucket: settings.s3Bucket ?? '',
    pathStyle: settings.s3PathStyle,
    sessionHours: settings.uploadSessionHours,
    admin: {
      accessKeyId: settings.s3AdminAccessKeyId,
      secretAccessKey: settings.s3AdminSecretAccessKey,
    },
    users,
  };
}
