import { reasonOf } from '@lazyphotos/database';
import type { Client } from 'minio';
import { codeOf, toProvisionError } from './refusals.js';

const RULE_ID = 'lazyphotos-incomplete-uploads';
const LEAST_DAYS = 30;

/**
 * After how many days the store may take an incomplete upload away. An upload session lives anew with each chunk, and its service
 * removes what it gives up: the store is only the net below, and must not be earlier.
 */
export const incompleteUploadDays = (sessionHours: number): number =>
  Math.max(LEAST_DAYS, Math.ceil((2 * sessionHours) / 24));

interface Rule {
  ID?: string;
  AbortIncompleteMultipartUpload?: unknown;
}

/** One rule is parsed as an object, several as an array. */
async function rulesOf(client: Client, bucket: string): Promise<Rule[]> {
  try {
    const config = (await client.getBucketLifecycle(bucket)) as { Rule?: Rule | Rule[] } | null;
    return [config?.Rule ?? []].flat();
  } catch (error) {
    if (codeOf(error) === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

const removeAfter = (days: number) => ({
  Rule: [
    {
      ID: RULE_ID,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
    },
  ],
});

/** What a store says that knows lifecycle rules not at all, or not this one. */
const UNKNOWN_THERE: unknown[] = ['NotImplemented', 'MethodNotAllowed', 'MalformedXML', 'InvalidArgument'];

/** `kept`: the bucket has rules that somebody else made, which are not rewritten; one of them may do the same. */
export type LifecycleOutcome = { state: 'set' | 'kept' } | { state: 'unknown there'; reason: string };

/** Has the store remove incomplete uploads after `days`. @throws ProvisionError */
export async function ensureLifecycle(
  client: Client,
  bucket: string,
  days: number,
): Promise<LifecycleOutcome> {
  try {
    const rules = await rulesOf(client, bucket);
    if (rules.some(({ ID }) => ID !== RULE_ID)) return { state: 'kept' };
    await client.setBucketLifecycle(bucket, removeAfter(days));
    return { state: 'set' };
  } catch (error) {
    if (UNKNOWN_THERE.includes(codeOf(error))) return { state: 'unknown there', reason: reasonOf(error) };
    throw toProvisionError('a rule for incomplete uploads', error);
  }
}
