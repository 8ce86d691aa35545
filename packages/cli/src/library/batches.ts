import { MAX_LIMIT, type MetadataResult } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { type ErrorReport, exitCodes, InterruptedError, reportOf } from '../errors.js';
import { count } from '../format.js';
import { stopOf } from '../transfer/run.js';
import type { NamedPhoto } from './find.js';

/** The result of a bulk operation for one photo. */
type PhotoResult = Omit<MetadataResult, 'photo' | 'status'> & { status: 'ok' | 'not_found' | 'invalid' };

interface PhotoFailure extends ErrorReport {
  id: string;
  fileName: string | null;
}

/** The outcomes of photos that were sent in batches. */
interface BatchTally {
  done: number;
  failures: PhotoFailure[];
  /** The error that ended the run early. */
  stoppedBy: unknown;
}

/** Batches of the size that the node accepts. */
export function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += MAX_LIMIT) yield items.slice(start, start + MAX_LIMIT);
}

/** Returns why the node did not change a photo. */
export function refusalOf(result: PhotoResult): ErrorReport {
  const { status, errors = [] } = result;
  const code: string = result.code ?? status;
  const reasons = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const message = status === 'not_found' ? 'there is no such photo' : 'the node refused the change';
  return { code, message: reasons || (code === 'too_many_tags' ? 'it would have too many tags' : message) };
}

/** Sends the batches one after the other. An error ends this. It is thrown if nothing was done before, otherwise it is in the result. */
export async function sendBatches(
  batches: Iterable<NamedPhoto[]> | AsyncIterable<NamedPhoto[]>,
  send: (photos: NamedPhoto[]) => Promise<readonly PhotoResult[]>,
): Promise<BatchTally> {
  const tally: BatchTally = { done: 0, failures: [], stoppedBy: undefined };
  try {
    for await (const photos of batches) {
      for (const [index, result] of (await send(photos)).entries()) {
        if (result.status === 'ok') tally.done += 1;
        else
          tally.failures.push({
            id: result.id,
            fileName: photos[index]?.fileName ?? null,
            ...refusalOf(result),
          });
      }
    }
  } catch (error) {
    if (tally.done === 0) throw error;
    tally.stoppedBy = error;
  }
  return tally;
}

/** --json lists all. */
const MAX_LISTED = 50;

/** Prints the outcomes. Returns the exit code. */
export function reportBatches({ output }: Context, verb: string, tally: BatchTally, more = {}): number {
  const { done, failures, stoppedBy } = tally;
  output.document({
    [verb.toLowerCase()]: done,
    failed: failures.length,
    failures,
    ...stopOf(stoppedBy),
    ...more,
  });
  output.line(`${verb} ${count(done, 'photo')}.`);
  if (output.mode !== 'json') {
    for (const { id, fileName, message } of failures.slice(0, MAX_LISTED))
      output.error(`${fileName ?? id}: ${message}`);
    if (failures.length > MAX_LISTED)
      output.error(`${failures.length - MAX_LISTED} more failed (--json lists all)`);
  }
  if (stoppedBy instanceof InterruptedError) {
    output.error('interrupted; the same command continues');
    return stoppedBy.exitCode;
  }
  if (stoppedBy !== undefined) output.error(`stopped early: ${reportOf(stoppedBy).message}`);
  return failures.length > 0 || stoppedBy !== undefined ? exitCodes.failed : exitCodes.ok;
}
