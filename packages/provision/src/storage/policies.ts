import type { Credentials } from './bucket.js';

/** The services that use the object store, each with a user of its own. */
export const STORE_USERS = ['gateway', 'upload', 'media-worker'] as const;
export type StoreUser = (typeof STORE_USERS)[number];

/** The services' users to make; none for a service that is absent. */
export type ServiceUsers = Partial<Record<StoreUser, Credentials>>;

interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}

/** `@lazyphotos/object-storage` documents these prefixes. No object becomes visible under `readiness/`. */
type Prefix = 'originals' | 'archives' | 'derived' | 'readiness';

const READ = ['s3:GetObject'];
const WRITE = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
const PROBE = ['s3:PutObject', 's3:AbortMultipartUpload'];
/** Without it the store responds with 403 for a missing object, as if the store were broken. */
const LIST = ['s3:ListBucket'];

/**
 * Returns what each service may do: exactly the calls that its part of the S3 adapter makes. For stores without MinIO's admin API, give
 * these policies to the services' roles or users.
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
