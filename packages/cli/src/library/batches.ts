import { MAX_LIMIT } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { type ErrorReport, InterruptedError, exitCodes, reportOf } from '../errors.js';
import { count } from '../format.js';
import type { NamedPhoto } from './find.js';

export interface PhotoFailure extends ErrorReport {
  id: string;
  fileName: string | null;
}

/** What became of photos that were sent in batches. */
export interface BatchTally {
  done: number;
  failures: PhotoFailure[];
  /** What ended it early. */
  stoppedBy: unknown;
}

/** What the node says of one photo of a batch. */
interface PhotoResult {
  id: string;
  status: 'ok' | 'not_found' | 'invalid';
  code?: string | undefined;
  errors?: readonly { path: string; message: string }[] | undefined;
}

/** As many as the node takes at once. */
export function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += MAX_LIMIT) yield items.slice(start, start + MAX_LIMIT);
}

function failureOf(result: PhotoResult, photo: NamedPhoto | undefined): PhotoFailure {
  const reasons = (result.errors ?? []).map(({ path, message }) => `${path}: ${message}`).join('; ');
  const message = result.status === 'not_found' ? 'there is no such photo' : 'the node refused the change';
  return {
    id: result.id,
    fileName: photo?.fileName ?? null,
    code: result.code ?? result.status,
    message: reasons || (result.code === 'too_many_tags' ? 'it would have too many tags' : message),
  };
}

/**
 * Sends batch after batch. An error ends it, and is in the result if something was done before.
 * @throws whatever happens before anything was done
 */
export async function sendBatches(
  batches: Iterable<NamedPhoto[]> | AsyncIterable<NamedPhoto[]>,
  send: (photos: NamedPhoto[]) => Promise<readonly PhotoResult[]>,
): Promise<BatchTally> {
  const tally: BatchTally = { done: 0, failures: [], stoppedBy: undefined };
  try {
    for await (const photos of batches) {
      for (const [index, result] of (await send(photos)).entries()) {
        if (result.status === 'ok') tally.done += 1;
        else tally.failures.push(failureOf(result, photos[index]));
      }
    }
  } catch (error) {
    if (tally.done === 0) throw error;
    tally.stoppedBy = error;
  }
  return tally;
}

/** The document of --json lists all. */
const MAX_LISTED = 50;

/** Says what became of the photos. Returns the exit code. */
export function reportBatches({ output }: Context, verb: string, tally: BatchTally, more = {}): number {
  const { done, failures, stoppedBy } = tally;
  const interrupted = stoppedBy instanceof InterruptedError;
  output.document({
    [verb.toLowerCase()]: done,
    failed: failures.length,
    failures,
    interrupted,
    stoppedBy: stoppedBy === undefined || interrupted ? null : reportOf(stoppedBy),
    ...more,
  });
  output.line(`${verb} ${count(done, 'photo')}.`);
  if (output.mode !== 'json') {
    for (const { id, fileName, message } of failures.slice(0, MAX_LISTED))
      output.error(`${fileName ?? id}: ${message}`);
    if (failures.length > MAX_LISTED)
      output.error(`${failures.length - MAX_LISTED} more failed (--json lists all)`);
  }
  if (interrupted) {
    output.error('interrupted; the same command continues');
    return stoppedBy.exitCode;
  }
  if (stoppedBy !== undefined) output.error(`stopped early: ${reportOf(stoppedBy).message}`);
  return failures.length > 0 || stoppedBy !== undefined ? exitCodes.failed : exitCodes.ok;
}
