import { retryUntilReady } from '@lazyphotos/database';
import type { Logger } from '@lazyphotos/service-kit';
import type { Client } from 'minio';
import { isTemporary } from '../errors.js';
import {
  createAdminClient,
  ensureBucket,
  ensureLifecycle,
  incompleteUploadDays,
  type StoreAddress,
} from './bucket.js';
import { isMinio, MinioAdmin } from './minio-admin.js';
import { type ServiceUsers, STORE_USERS, servicePolicies } from './policies.js';

export interface ProvisionStorageOptions extends StoreAddress {
  users: ServiceUsers;
  /** How long an upload session lives after its last chunk. */
  sessionHours: number;
  logger: Logger;
  /** How long to wait for a store that is still starting, in milliseconds; a minute if absent. */
  retryForMs?: number;
}

/**
 * Makes the bucket, makes the store remove incomplete uploads (not early), and on MinIO makes a user for each service that uses the
 * store. May be repeated: it then applies changed secrets and policies.
 * @throws ProvisionError
 */
export async function provisionStorage(options: ProvisionStorageOptions): Promise<void> {
  const { bucket, region, endpoint, logger, retryForMs } = options;
  const client = createAdminClient(options);
  const prepare = async () => {
    const created = await ensureBucket(client, bucket, region);
    logger.info('bucket ready', { bucket, created });
    if (endpoint && (await isMinio(endpoint))) await prepareMinio(endpoint, options);
    else await prepareOther(client, options);
  };
  // All steps may be repeated, so after a temporary error it begins again.
  const onWaiting = (reason: string) => logger.info('waiting for the object store', { reason });
  await retryUntilReady(prepare, { retryForMs, onWaiting }, isTemporary);
}

async function prepareMinio(endpoint: string, options: ProvisionStorageOptions): Promise<void> {
  const { bucket, users, sessionHours, logger } = options;
  const admin = new MinioAdmin(endpoint, options);
  const days = incompleteUploadDays(sessionHours);
  // MinIO refuses a lifecycle rule for them. It removes them itself: after a day, if not configured.
  await admin.setConfig(`api stale_uploads_expiry=${days * 24}h`);
  logger.info('incomplete uploads are removed by MinIO itself', { afterDays: days });
  const policies = servicePolicies(bucket);
  for (const service of STORE_USERS) {
    const user = users[service];
    if (!user) continue;
    const policy = `lazyphotos-${bucket}-${service}`;
    await admin.putPolicy(policy, policies[service]);
    await admin.putUser(user);
    await admin.setPolicy(user.accessKeyId, policy);
    logger.info('storage user ready', { for: service, policy });
  }
}

async function prepareOther(client: Client, options: ProvisionStorageOptions): Promise<void> {
  const { bucket, sessionHours, users, logger } = options;
  const days = incompleteUploadDays(sessionHours);
  const outcome = await ensureLifecycle(client, bucket, days);
  if (outcome.state === 'set') logger.info('incomplete uploads are removed by a rule', { afterDays: days });
  else logger.warn('see to incomplete uploads yourself: no rule was set', { afterDays: days, ...outcome });
  if (Object.keys(users).length > 0) {
    logger.warn("no users were made: this object store does not have MinIO's admin API");
  }
}
