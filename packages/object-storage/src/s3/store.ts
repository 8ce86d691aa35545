import type { ObjectStore, PresignedUrls } from '../port.js';
import { openBucket, openSigner } from './client.js';
import { listObjects, listUploads } from './listing.js';
import { createObjects } from './objects.js';
import type { S3StoreOptions } from './options.js';
import { createPresigning } from './presigning.js';
import { createReady } from './readiness.js';
import { createStaging } from './staging.js';

/**
 * Keeps objects in a bucket of an S3 server. Nothing is asked of the server yet: a service may start before it does, and is
 * not ready until then.
 */
export function createS3Store(options: S3StoreOptions): ObjectStore & PresignedUrls {
  const bucket = openBucket(options);
  const signer = openSigner(options);
  const objects = createObjects(bucket);
  const { put, head, get, delete: remove } = objects;
  return {
    put,
    head,
    get,
    delete: remove,
    ...createStaging(bucket, objects),
    ...createPresigning(signer, options.bucket),
    list: (prefix) => listObjects(bucket, objects, prefix),
    listUploads: (prefix) => listUploads(bucket, prefix),
    ready: createReady(bucket, options.readOnly ?? false),
    async close() {
      bucket.client.destroy();
      signer.destroy();
    },
  };
}
