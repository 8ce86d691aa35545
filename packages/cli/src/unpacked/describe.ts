import { type Client, sleep } from '@lazyphotos/client';
import { MAX_LIMIT, type MetadataPatch } from '@lazyphotos/contracts';
import { type PhotoFacts, planTags } from '@lazyphotos/import-engine';
import { sum } from '../format.js';
import { refusalOf } from '../library/batches.js';
import type { FailedFile } from '../upload/send-files.js';
import type { ExportedPhoto } from './plan.js';

/** Older than any edit that a person has made on the node. */
const BEFORE_ALL_EDITS = new Date(0).toISOString();

type Update = MetadataPatch & { id: string };

/**
 * Returns the metadata that a person set in Google Photos, as an edit of that time: later edits on the node stay, and a repetition
 * changes nothing. Returns undefined if nothing was set.
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

interface Waiting {
  path: string;
  update: Update;
  /** The size of the update as JSON. */
  bytes: number;
}

/** The node accepts bodies of up to 1 MB; a description can have 40 kB. */
const MAX_BATCH_BYTES = 500_000;
/** The catalog may receive a photo a little later than its upload ends. */
export const UNKNOWN_PAUSES_MS = [500, 1000, 2000, 4000, 8000];

const bytesOf = (batch: readonly Waiting[]): number => sum(batch, ({ bytes }) => bytes);

/** Adds the metadata of the sidecars to photos, many at a time. */
export class Describer {
  readonly problems: FailedFile[] = [];
  /** The number of photos with added metadata. */
  described = 0;
  private readonly waiting: Waiting[] = [];
  private readonly unknown: Waiting[] = [];
  private waitingBytes = 0;
  /** After a failure, the next attempt waits for this many updates. */
  private sendFrom = MAX_LIMIT;

  constructor(
    private readonly client: Client,
    private readonly signal: AbortSignal,
  ) {}

  /** Sends the update together with others, now or later. If that fails, `finish` sends it. */
  async add(path: string, update: Update): Promise<void> {
    this.enqueue({ path, update, bytes: Buffer.byteLength(JSON.stringify(update)) });
    const isLarge = this.waitingBytes > MAX_BATCH_BYTES && this.sendFrom === MAX_LIMIT;
    if (!isLarge && this.waiting.length < this.sendFrom) return;
    try {
      await this.flush();
      this.sendFrom = MAX_LIMIT;
    } catch {
      // If the node is away, the uploads fail as well. Any other failure must not repeat for each photo.
      this.sendFrom = this.waiting.length + MAX_LIMIT;
    }
  }

  /** Sends the remaining updates. @throws if that fails */
  async finish(): Promise<void> {
    while (this.waiting.length > 0) await this.flush();
    for (const pause of UNKNOWN_PAUSES_MS) {
      if (this.unknown.length === 0) return;
      await sleep(pause, this.signal);
      this.enqueue(...this.unknown.splice(0));
      while (this.waiting.length > 0) await this.flush();
    }
    const message = 'the node does not know this photo; its metadata was not added';
    for (const { path } of this.unknown.splice(0)) this.problems.push({ path, code: 'not_found', message });
  }

  private enqueue(...items: Waiting[]): void {
    this.waiting.push(...items);
    this.waitingBytes += bytesOf(items);
  }

  private async flush(): Promise<void> {
    const batch = this.nextBatch();
    try {
      if (batch.length > 0) await this.send(batch);
    } catch (error) {
      this.waiting.unshift(...batch);
      this.waitingBytes += bytesOf(batch);
      throw error;
    }
  }

  /** Takes as many updates as the node accepts in one request. */
  private nextBatch(): Waiting[] {
    let size = 0;
    const end = this.waiting.findIndex(({ bytes }, index) => {
      size += bytes;
      return index > 0 && (index >= MAX_LIMIT || size > MAX_BATCH_BYTES);
    });
    const batch = this.waiting.splice(0, end === -1 ? this.waiting.length : end);
    this.waitingBytes -= bytesOf(batch);
    return batch;
  }

  private async send(batch: Waiting[]): Promise<void> {
    const updates = batch.map(({ update }) => update);
    const { results } = await this.client.editPhotos({ body: { updates } }, { signal: this.signal });
    for (const [index, item] of batch.entries()) {
      const result = results[index] ?? { id: item.update.id, status: 'invalid' };
      if (result.status === 'ok') this.described += 1;
      else if (result.status === 'not_found') this.unknown.push(item);
      else this.problems.push({ path: item.path, ...refusalOf(result) });
    }
  }
}
