import { randomUUID } from 'node:crypto';
import { createS3Store, type ObjectStore } from '@lazyphotos/object-storage';
import type { TestMinio } from '@lazyphotos/testkit';
import { Client } from 'minio';

/** A bucket of one's own, and stores on it, which are closed with it. */
export async function createBucket({ endpoint, accessKeyId, secretAccessKey }: TestMinio) {
  const bucket = `test-${randomUUID()}`;
  const { hostname, port } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
  });
  await client.makeBucket(bucket);
  const stores: ObjectStore[] = [];
  /** `through`: the URL of a proxy in front of the server. */
  const open = (through = endpoint) => {
    const store = createS3Store({
      bucket,
      endpoint: through,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      pathStyle: true,
    });
    stores.push(store);
    return store;
  };
  const remove = async () => {
    const store = open();
    for await (const { key } of store.list('')) await store.delete(key);
    await client.removeBucket(bucket);
    for (const each of stores) await each.close();
  };
  return { name: bucket, open, remove };
}
export type Bucket = Awaited<ReturnType<typeof createBucket>>;
