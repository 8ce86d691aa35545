import { randomBytes } from 'node:crypto';
import { createS3Store, type ObjectStore } from '@lazyphotos/object-storage';
import { startMinio, type TestMinio } from '@lazyphotos/testkit';
import { Client } from 'minio';
import {
  type Credentials,
  provisionStorage,
  type ServiceUsers,
  STORE_USERS,
  type StoreAddress,
  type StoreUser,
} from '../../src/index.js';
import { MinioAdmin, signedHeaders } from '../../src/storage/minio-admin.js';
import { createLog, type Line } from '../log.js';

const REGION = 'us-east-1';

export interface Fixture {
  minio: TestMinio;
  bucket: string;
  users: Required<ServiceUsers>;
  /** The administrator's. */
  client: Client;
  admin: MinioAdmin;
  /** Provisions and returns what was logged. */
  run(change?: { users?: ServiceUsers; admin?: Credentials; onLine?: (line: Line) => void }): Promise<Line[]>;
  clientOf(user: Credentials): Client;
  adminOf(user: Credentials): MinioAdmin;
  /** Opens the store as that service does. */
  storeOf(service: StoreUser): ObjectStore;
  stop(): Promise<void>;
}

/** Removes what a test made on a server that others may use too. */
async function remove(address: StoreAddress, path: string): Promise<void> {
  const url = new URL(`/minio/admin/v3/${path}`, address.endpoint);
  const headers = await signedHeaders('DELETE', url, Buffer.alloc(0), address);
  await fetch(url, { method: 'DELETE', headers });
}

/** Starts a MinIO and makes unique names on it. */
export async function createFixture(): Promise<Fixture> {
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
    admin: new MinioAdmin(minio.endpoint, address),
    adminOf: (admin) => new MinioAdmin(minio.endpoint, { ...address, admin }),
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
      for (const service of STORE_USERS) {
        await remove(address, `remove-user?accessKey=${users[service].accessKeyId}`);
        await remove(address, `remove-canned-policy?name=lazyphotos-${bucket}-${service}`);
      }
      await minio.stop();
    },
  };
}

/** Returns the error code of the store or the server; undefined when the call succeeds. */
export const codeOf = (attempt: Promise<unknown>): Promise<string | undefined> =>
  attempt.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
