import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startMinio, type TestMinio } from '@lazyphotos/testkit';
import { createS3Store, type ObjectStore, type S3StoreOptions } from '../src/index.js';

/** A MinIO, a bucket of one's own in it, and stores on that which are closed at the end. */
export interface S3Server {
  minio: TestMinio;
  /** The administrator's, to do things behind the stores' back. */
  client: S3Client;
  options: S3StoreOptions & { endpoint: string };
  open(changes?: Partial<S3StoreOptions>): ReturnType<typeof createS3Store>;
  stop(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const minio = await startMinio();
  const { endpoint, accessKeyId, secretAccessKey } = minio;
  const bucket = `test-${randomUUID()}`;
  const credentials = { accessKeyId, secretAccessKey };
  const options = { bucket, endpoint, region: 'us-east-1', credentials, pathStyle: true };
  const client = new S3Client({ endpoint, region: options.region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const stores: ObjectStore[] = [];
  const open: S3Server['open'] = (changes) => {
    const store = createS3Store({ ...options, ...changes });
    stores.push(store);
    return store;
  };
  return {
    minio,
    client,
    options,
    open,
    async stop() {
      // Of a server of our own the data goes with it.
      if (!minio.canRestart) await removeBucket(client, bucket, open());
      for (const store of stores) await store.close();
      client.destroy();
      await minio.stop();
    },
  };
}

async function removeBucket(client: S3Client, bucket: string, store: ObjectStore): Promise<void> {
  for await (const upload of store.listUploads('')) await store.abortUpload(upload);
  for await (const { key } of store.list('')) await store.delete(key);
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}
