import { type Client, sleep } from '@lazyphotos/client';
import { MAX_LIMIT, type MetadataPatch, type MetadataResult } from '@lazyphotos/contracts';
import { type PhotoFacts, planTags } from '@lazyphotos/import-engine';
import type { ErrorReport } from '../errors.js';
import type { ExportedPhoto } from './plan.js';

/** Older than any edit that a person can have made here. */
const BEFORE_ALL_EDITS = new Date(0).toISOString();

type Update = MetadataPatch & { id: string };

/**
 * Returns what a person set in Google Photos, as an edit of that time: later edits made here stay, and repeating it changes nothing.
 * Undefined when nothing was set.
 */
export function updateOf(
  id: string,
  { folder }: Pick<ExportedPhoto, 'folder'>,
  facts: PhotoFacts | undefined,
): Update | undefined {
  const { description, favorite, rating, location, isLocationEdited, editedAt } = facts ?? {};
  const isArchived = facts?.archived === true || folder.kind === 'archive' || folder.kind === 'locked';
  const tags = facts === undefined ? [] : planTags(facts);
  const fields: MetadataPatch = {
    ...(description !== undefined && { description }),
    ...(favorite === true && { favorite }),
    ...(rating !== undefined && { rating }),
    ...(isArchived && { archived: true }),
    ...(tags.length > 0 && { addTags: tags }),
    ...(isLocationEdited === true &&
      location !== undefined && { locationLat: location.lat, locationLon: location.lon }),
  };
  if (Object.keys(fields).length === 0) return undefined;
  return { id, ...fields, updatedAt: editedAt ?? BEFORE_ALL_EDITS };
}

export interface PhotoProblem extends ErrorReport {
  path: string;
}

export interface Describer {
  /** Sends the update with others, now or later. One that cannot be sent now is kept for `finish`. */
  add(path: string, update: Update): Promise<void>;
  /** Sends what is left. @throws when it cannot be sent */
  finish(): Promise<void>;
  /** Photos that have what was set. */
  readonly described: number;
  readonly problems: PhotoProblem[];
}

interface Waiting {
  path: string;
  update: Update;
  /** Of the update as JSON. */
  bytes: number;
}

/** The node takes bodies of up to 1 MB; a description can have 40 kB. */
const MAX_BATCH_BYTES = 500_000;
/** The node may hear of a photo a little later than its upload ends. */
export const UNKNOWN_PAUSES_MS = [500, 1000, 2000, 4000, 8000];

const bytesOf = (batch: readonly Waiting[]): number => batch.reduce((sum, { bytes }) => sum + bytes, 0);

/** Adds what is known of photos to them, many at a time. */
export function createDescriber(client: Client, signal: AbortSignal): Describer {
  const waiting: Waiting[] = [];
  const unknown: Waiting[] = [];
  const problems: PhotoProblem[] = [];
  let gatheredBytes = 0;
  /** After a failure, updates gather up to this many before the next attempt. */
  let sendFrom = MAX_LIMIT;
  let described = 0;

  const settle = (item: Waiting, result: MetadataResult | undefined): void => {
    if (result?.status === 'ok') described += 1;
    else if (result?.status === 'not_found') unknown.push(item);
    else problems.push({ path: item.path, ...refusalOf(result) });
  };
  const send = async (batch: Waiting[]): Promise<void> => {
    const updates = batch.map(({ update }) => update);
    const { results } = await client.editPhotos({ body: { updates } }, { signal });
    for (const [index, item] of batch.entries()) settle(item, results[index]);
  };
  /** As many as the node takes at once. */
  const nextBatch = (): Waiting[] => {
    let size = 0;
    const end = waiting.findIndex(({ bytes }, index) => {
      size += bytes;
      return index > 0 && (index >= MAX_LIMIT || size > MAX_BATCH_BYTES);
    });
    const batch = waiting.splice(0, end === -1 ? waiting.length : end);
    gatheredBytes -= bytesOf(batch);
    return batch;
  };
  const flush = async (): Promise<void> => {
    const batch = nextBatch();
    try {
      if (batch.length > 0) await send(batch);
    } catch (error) {
      waiting.unshift(...batch);
      gatheredBytes += bytesOf(batch);
      throw error;
    }
  };

  return {
    problems,
    get described() {
      return described;
    },
    add: async (path, update) => {
      const bytes = Buffer.byteLength(JSON.stringify(update));
      waiting.push({ path, update, bytes });
      gatheredBytes += bytes;
      const isLarge = gatheredBytes > MAX_BATCH_BYTES && sendFrom === MAX_LIMIT;
      const isFull = isLarge || waiting.length >= sendFrom;
      if (!isFull) return;
      try {
        await flush();
        sendFrom = MAX_LIMIT;
      } catch {
        // The uploads notice by themselves that the node has gone. Otherwise this is for later, and not for each photo anew.
        sendFrom = waiting.length + MAX_LIMIT;
      }
    },
    finish: async () => {
      while (waiting.length > 0) await flush();
      for (const pause of UNKNOWN_PAUSES_MS) {
        if (unknown.length === 0) return;
        await sleep(pause, signal);
        const again = unknown.splice(0);
        waiting.push(...again);
        gatheredBytes += bytesOf(again);
        while (waiting.length > 0) await flush();
      }
      for (const { path } of unknown.splice(0))
        problems.push({
          path,
          code: 'not_found',
          message: 'the node does not know this photo; what is known of it was not added',
        });
    },
  };
}

function refusalOf(result: MetadataResult | undefined): ErrorReport {
  const reasons = (result?.errors ?? []).map(({ path, message }) => `${path}: ${message}`).join('; ');
  const code = result?.code ?? 'invalid';
  const message =
    reasons ||
    (code === 'too_many_tags' ? 'it would have too many tags' : 'the node refused what is known of it');
  return { code, message };
}
