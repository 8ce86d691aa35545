import { createHash, randomBytes } from 'node:crypto';
import { createS3Store, type ObjectStore } from '@lazyphotos/object-storage';
import { startMinio, type TestMinio } from '@lazyphotos/testkit';
import { Client } from 'minio';
import { signV4 } from 'minio/dist/esm/signing.mjs';
import {
  type Credentials,
  provisionStorage,
  type ServiceUsers,
  type StoreAddress,
  type StoreUser,
  storeUsers,
} from '../../src/index.js';
import { createMinioAdmin, type MinioAdmin } from '../../src/storage/minio-admin.js';
import { createLog, type Line } from '../log.js';

const REGION = 'us-east-1';

export interface Ground {
  minio: TestMinio;
  bucket: string;
  users: Required<ServiceUsers>;
  /** The administrator's. */
  client: Client;
  admin: MinioAdmin;
  /** Provisions and answers what was logged. */
  run(change?: { users?: ServiceUsers; admin?: Credentials; onLine?: (line: Line) => void }): Promise<Line[]>;
  clientOf(user: Credentials): Client;
  adminOf(user: Credentials): MinioAdmin;
  /** The store as that service opens it. */
  storeOf(service: StoreUser): ObjectStore;
  stop(): Promise<void>;
}

/** What a test made on a server that others may share is taken away again; MinIO's own client would do it so. */
async function remove({ endpoint, accessKeyId, secretAccessKey }: TestMinio, path: string): Promise<void> {
  const url = new URL(`/minio/admin/v3/${path}`, endpoint);
  const now = new Date();
  const digest = createHash('sha256').digest('hex');
  const date = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const headers = { host: url.host, 'x-amz-content-sha256': digest, 'x-amz-date': date };
  const request = { protocol: url.protocol, method: 'DELETE', path: url.pathname + url.search, headers };
  const authorization = signV4(request, accessKeyId, secretAccessKey, REGION, now, digest);
  await fetch(url, { method: 'DELETE', headers: { ...headers, authorization } });
}

/** A MinIO, and names of this ground's own on it. */
export async function createGround(): Promise<Ground> {
  const minio = await startMinio();
  const bucket = `lp-test-${randomBytes(6).toString('hex')}`;
  const { accessKeyId, secretAccessKey } = minio;
  const address: StoreAddress = {
    endpoint: minio.endpoint,
    region: REGION,
    bucket,
    pathStyle: true,
    admin: { accessKeyId, secretAccessKey },
  };
  const userOf = (service: StoreUser): Credentials => ({
    accessKeyId: `${bucket}-${service}`,
    secretAccessKey: `it's 100% "${service}" +/=&`,
  });
  const users = {
    gateway: userOf('gateway'),
    upload: userOf('upload'),
    'media-worker': userOf('media-worker'),
  };
  const clientOf = (user: Credentials): Client =>
    new Client({
      endPoint: new URL(minio.endpoint).hostname,
      port: Number(new URL(minio.endpoint).port),
      useSSL: false,
      region: REGION,
      accessKey: user.accessKeyId,
      secretKey: user.secretAccessKey,
    });
  const client = clientOf(address.admin);
  return {
    minio,
    bucket,
    users,
    client,
    clientOf,
    admin: createMinioAdmin(minio.endpoint, address),
    adminOf: (admin) => createMinioAdmin(minio.endpoint, { ...address, admin }),
    storeOf: (service) =>
      createS3Store({ ...address, credentials: users[service], readOnly: service === 'gateway' }),
    run: async ({ onLine, ...change } = {}) => {
      const logger = createLog(onLine);
      await provisionStorage({ ...address, users, sessionHours: 168, ...change, logger });
      return logger.lines;
    },
    stop: async () => {
      for await (const { name } of client.listObjectsV2(bucket, '', true)) {
        await client.removeObject(bucket, name);
      }
      await client.removeBucket(bucket);
      for (const service of storeUsers) {
        await remove(minio, `remove-user?accessKey=${users[service].accessKeyId}`);
        await remove(minio, `remove-canned-policy?name=lazyphotos-${bucket}-${service}`);
      }
      await minio.stop();
    },
  };
}

/** The error code that the store or the server answers with; undefined when it does as it is asked. */
export const codeOf = (attempt: Promise<unknown>): Promise<string | undefined> =>
  attempt.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
