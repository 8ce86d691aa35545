import {
  type Environment,
  readSettings,
  type Settings,
  SettingsError,
  settingsCatalog,
} from '@lazyphotos/service-kit';
import type { Credentials } from './bucket.js';
import { type ServiceUsers, STORE_USERS, type StoreUser } from './policies.js';
import type { ProvisionStorageOptions } from './provision.js';

const userKeys = [
  's3GatewayAccessKeyId',
  's3GatewaySecretAccessKey',
  's3UploadAccessKeyId',
  's3UploadSecretAccessKey',
  's3MediaWorkerAccessKeyId',
  's3MediaWorkerSecretAccessKey',
] as const;
const keys = [
  's3Bucket',
  's3Endpoint',
  's3Region',
  's3PathStyle',
  's3AdminAccessKeyId',
  's3AdminSecretAccessKey',
  'uploadSessionHours',
  ...userKeys,
] as const;
type StorageSettings = Settings<(typeof keys)[number]>;
type UserKey = (typeof userKeys)[number];

const pairs: Record<StoreUser, { id: UserKey; secret: UserKey }> = {
  gateway: { id: 's3GatewayAccessKeyId', secret: 's3GatewaySecretAccessKey' },
  upload: { id: 's3UploadAccessKeyId', secret: 's3UploadSecretAccessKey' },
  'media-worker': { id: 's3MediaWorkerAccessKeyId', secret: 's3MediaWorkerSecretAccessKey' },
};

function credentialsOf(settings: StorageSettings, service: StoreUser): Credentials | undefined {
  const { id, secret } = pairs[service];
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
    const { id, secret } = pairs[service];
    const name = settingsCatalog[id].name;
    if (Boolean(settings[id]) !== Boolean(settings[secret])) {
      problems.push(`${name} and ${settingsCatalog[secret].name} must be given together`);
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
  const settings = readSettings(env, keys);
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
