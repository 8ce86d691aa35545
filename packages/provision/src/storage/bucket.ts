import { Client } from 'minio';
import type { StoreAddress } from './options.js';
import { codeOf, toProvisionError } from './refusals.js';

const AMAZON = 'https://s3.amazonaws.com';

/** The administrator's client. */
export function createAdminClient({ endpoint = AMAZON, region, pathStyle, admin }: StoreAddress): Client {
  const { protocol, hostname, port } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    useSSL: protocol === 'https:',
    region,
    pathStyle,
    accessKey: admin.accessKeyId,
    secretKey: admin.secretAccessKey,
    // Its own retries write to the console and give up when nobody listens yet.
    retryOptions: { disableRetry: true },
  });
}

/** Makes the bucket, private as S3 makes them, unless it is there; answers whether it did. @throws ProvisionError */
export async function ensureBucket(client: Client, bucket: string, region: string): Promise<boolean> {
  try {
    if (await client.bucketExists(bucket)) return false;
    await client.makeBucket(bucket, region);
    return true;
  } catch (error) {
    // Another run was faster.
    if (codeOf(error) === 'BucketAlreadyOwnedByYou') return false;
    throw toProvisionError(`the bucket ${bucket}`, error);
  }
}
