import { reasonOf } from '@lazyphotos/database';
import { Client, S3Error } from 'minio';
import { ProvisionError } from '../errors.js';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface StoreAddress {
  /** `http(s)://host[:port]`; Amazon's if absent. */
  endpoint?: string | undefined;
  region: string;
  bucket: string;
  /** Whether URLs have the bucket in their path instead of the host name. */
  pathStyle: boolean;
  admin: Credentials;
}

/** `kept`: the bucket has rules of another origin, which are not replaced; one of them may do the same. */
export type LifecycleOutcome = { state: 'set' | 'kept' } | { state: 'unknown there'; reason: string };

interface Rule {
  ID?: string;
  AbortIncompleteMultipartUpload?: unknown;
}

const AMAZON = 'https://s3.amazonaws.com';
const RULE_ID = 'lazyphotos-incomplete-uploads';
const LEAST_DAYS = 30;
/** Error codes of stores that do not know lifecycle rules, or not this one. */
const UNKNOWN_THERE: unknown[] = ['NotImplemented', 'MethodNotAllowed', 'MalformedXML', 'InvalidArgument'];

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
    // The client's own retries write to the console, and stop while the server is still starting.
    retryOptions: { disableRetry: true },
  });
}

/** Makes the bucket, private as S3 makes them, unless it exists. Returns whether it made it. @throws ProvisionError */
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

/**
 * Returns after how many days the store may remove an incomplete upload. Each chunk renews its session, and the upload service removes
 * the parts of sessions that it ends. The store only removes what is still left, so it must not do that earlier.
 */
export const incompleteUploadDays = (sessionHours: number): number =>
  Math.max(LEAST_DAYS, Math.ceil((2 * sessionHours) / 24));

/** Makes the store remove incomplete uploads after `days`. @throws ProvisionError */
export async function ensureLifecycle(
  client: Client,
  bucket: string,
  days: number,
): Promise<LifecycleOutcome> {
  try {
    const rules = await rulesOf(client, bucket);
    if (rules.some(({ ID }) => ID !== RULE_ID)) return { state: 'kept' };
    const rule = {
      ID: RULE_ID,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
    };
    await client.setBucketLifecycle(bucket, { Rule: [rule] });
    return { state: 'set' };
  } catch (error) {
    if (UNKNOWN_THERE.includes(codeOf(error))) return { state: 'unknown there', reason: reasonOf(error) };
    throw toProvisionError('a rule for incomplete uploads', error);
  }
}

/** The client parses one rule as an object, several as an array. */
async function rulesOf(client: Client, bucket: string): Promise<Rule[]> {
  try {
    const config = (await client.getBucketLifecycle(bucket)) as { Rule?: Rule | Rule[] } | null;
    return [config?.Rule ?? []].flat();
  } catch (error) {
    if (codeOf(error) === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

/** Returns the S3 error code, if the error is a response of the store. */
const codeOf = (error: unknown): unknown => (error instanceof S3Error ? error.code : undefined);

/** An S3 error is a decision of the store. Any other (no connection, status 503) may be temporary: the store may be starting. */
function toProvisionError(what: string, error: unknown): ProvisionError {
  const code = codeOf(error);
  if (code === undefined) {
    return new ProvisionError(`the object store does not respond (${what}): ${reasonOf(error)}`, true, error);
  }
  return new ProvisionError(`the object store refuses ${what}: ${reasonOf(error)} (${code})`, false, error);
}
