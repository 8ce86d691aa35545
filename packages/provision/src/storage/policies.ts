import type { StorageFolder } from '@lazyphotos/contracts';

/** The services that use the object store, each with a user of its own. */
export const storeUsers = ['gateway', 'upload', 'media-worker'] as const;
export type StoreUser = (typeof storeUsers)[number];

interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}

/** `storageKeys` has what the folders hold. Nothing becomes visible under `readiness/`: see `@lazyphotos/object-storage`. */
type Prefix = StorageFolder | 'readiness';

const READ = ['s3:GetObject'];
const WRITE = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
const PROBE = ['s3:PutObject', 's3:AbortMultipartUpload'];
/** Without it a missing object is answered with 403, as if the store were broken. */
const LIST = ['s3:ListBucket'];

/**
 * What each service may do: exactly the calls that its part of the S3 adapter makes. Also the policies to give to roles or users where the
 * store has no MinIO admin API.
 */
export function servicePolicies(bucket: string): Record<StoreUser, Policy> {
  const arn = `arn:aws:s3:::${bucket}`;
  const onBucket = (actions: string[]): Statement => ({ Effect: 'Allow', Action: actions, Resource: [arn] });
  const onObjects = (actions: string[], ...prefixes: Prefix[]): Statement => ({
    Effect: 'Allow',
    Action: actions,
    Resource: prefixes.map((prefix) => `${arn}/${prefix}/*`),
  });
  const policy = (...statements: Statement[]): Policy => ({ Version: '2012-10-17', Statement: statements });
  return {
    gateway: policy(onBucket(LIST), onObjects(READ, 'originals', 'derived')),
    upload: policy(
      onBucket([...LIST, 's3:ListBucketMultipartUploads']),
      onObjects(WRITE, 'originals', 'archives'),
      onObjects(PROBE, 'readiness'),
    ),
    'media-worker': policy(
      onBucket(LIST),
      onObjects(READ, 'originals'),
      onObjects(WRITE, 'derived'),
      onObjects(PROBE, 'readiness'),
    ),
  };
}
