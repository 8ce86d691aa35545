import type { MediaVariant } from '@lazyphotos/contracts';
import type { Client } from '../client.js';
import { ApiError, DownloadMismatchError, hasCode, NetworkError } from '../errors.js';
import { isTransient, retrying } from '../retry.js';
import { problemError, RequestAbort } from '../transport.js';
import { openPartFile, type PartFile } from './part-file.js';

export interface DownloadProgress {
  receivedBytes: number;
  /** Undefined if the node does not send it. */
  totalBytes: number | undefined;
}

export interface DownloadOptions {
  /** SHA-256 of the original, if the caller knows it; otherwise the node is asked for it. */
  hash?: string | undefined;
  /** Modification time of the file, if the file system can store it. Without it, the file has the time of the download. */
  modifiedAt?: Date | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface DownloadResult {
  sizeBytes: number;
  sha256: string;
  /** Bytes from the part file of an earlier attempt. */
  resumedBytes: number;
}

const IDLE_TIMEOUT_MS = 60_000;

/**
 * Downloads a photo to `destination`. An interrupted download continues from `<destination>.part`: an original also in another run,
 * because its hash proves that old and new bytes belong together, but a preview, which has no hash, only within this call.
 *
 * @throws DownloadMismatchError if the bytes are not those of the original, ApiError (`not_found`, `not_ready`, …), NetworkError.
 */
export async function downloadPhoto(
  client: Client,
  id: string,
  size: MediaVariant,
  destination: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const { signal } = options;
  const expected =
    size === 'original'
      ? (options.hash ?? (await client.getPhoto({ params: { id } }, { signal })).hash)
      : undefined;
  const part = await openPartFile(destination, { keep: expected !== undefined });
  let resumedBytes = part.size;
  try {
    const transfer: Transfer = { client, id, size, part, options, etag: undefined };
    await fetchAll(transfer);
    if (expected !== undefined && part.sha256() !== expected && resumedBytes > 0) {
      // The old part file was damaged or of another photo.
      resumedBytes = 0;
      await part.restart();
      await fetchAll(transfer);
    }
  } catch (error) {
    await (part.size === 0 ? part.remove() : part.close());
    throw error;
  }
  const sha256 = part.sha256();
  if (expected !== undefined && sha256 !== expected) {
    await part.remove();
    throw new DownloadMismatchError(`the bytes that arrived have the hash ${sha256}, not ${expected}`);
  }
  await part.commit(options.modifiedAt);
  return { sizeBytes: part.size, sha256, resumedBytes };
}

interface Transfer {
  client: Client;
  id: string;
  size: MediaVariant;
  part: PartFile;
  options: DownloadOptions;
  /** The ETag of the bytes in the part file, once known: a new preview must not be mixed with an old one. */
  etag: string | undefined;
}

const fetchAll = (transfer: Transfer): Promise<void> =>
  retrying(
    () => fetchRest(transfer),
    transfer.client.retryPolicy,
    transfer.options.signal,
    // Each attempt gets a new URL, which replaces an expired signature.
    (error) => isTransient(error) || hasCode(error, 'invalid_signature', 'download_restarted'),
  );

/** One attempt: gets a new URL and all bytes that are missing. */
async function fetchRest(transfer: Transfer): Promise<void> {
  const { client, id, size, part, options } = transfer;
  const { url } = await client.downloadPhoto({ params: { id }, query: { size } }, { signal: options.signal });
  const mediaUrl = reachableMediaUrl(url, client.baseUrl);
  const idleReason = () =>
    new NetworkError(new URL(mediaUrl).origin, undefined, `no data for ${IDLE_TIMEOUT_MS / 1000} s`);
  const stop = new RequestAbort(options.signal, IDLE_TIMEOUT_MS, idleReason);
  try {
    const response = await client.fetchMedia(mediaUrl, rangeHeaders(transfer), stop.signal);
    if (response.status === 416) return await checkEnd(response, part);
    if (!response.ok) throw await refusal(response);
    if (response.status !== 206 || firstByteOf(response) !== part.size) await part.restart();
    transfer.etag = response.headers.get('etag') ?? undefined;
    await receive(response, transfer, () => stop.touch());
  } catch (error) {
    // An error after an abort is caused by the abort.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    stop.end();
  }
}

function rangeHeaders({ part, etag }: Transfer): Record<string, string> {
  // With compression, ranges would count other bytes.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (part.size === 0) return headers;
  headers.range = `bytes=${part.size}-`;
  if (etag !== undefined) headers['if-range'] = etag;
  return headers;
}

const firstByteOf = (response: Response): number | undefined => {
  const match = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return match?.[1] === undefined ? undefined : Number(match[1]);
};

/** A response 416 means the end if the part file is as long as the photo; otherwise the part file is useless. */
async function checkEnd(response: Response, part: PartFile): Promise<void> {
  await response.body?.cancel();
  const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (total !== undefined && Number(total) === part.size) return;
  await part.restart();
  throw new ApiError({
    status: 416,
    code: 'download_restarted',
    detail: 'the part file was longer than the photo',
  });
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  return problemError({ status: response.status, headers: response.headers, text: text.slice(0, 100_000) });
}

async function receive(response: Response, transfer: Transfer, touch: () => void): Promise<void> {
  const { part, options } = transfer;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const totalBytes = Number.isNaN(length) ? undefined : part.size + length;
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new NetworkError(new URL(response.url).origin, error);
    });
    if (done) break;
    touch();
    await part.append(value);
    options.onProgress?.({ receivedBytes: part.size, totalBytes });
  }
  if (totalBytes !== undefined && part.size !== totalBytes) {
    throw new NetworkError(
      new URL(response.url).origin,
      new Error(`${part.size} of ${totalBytes} bytes arrived`),
    );
  }
}

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Returns the URL to fetch. A node with the default public URL returns URLs on localhost, which work only on the node. For other
 * computers, they get the address that the client uses. Signatures do not cover the host.
 */
export function reachableMediaUrl(mediaUrl: string, baseUrl: string): string {
  const media = new URL(mediaUrl);
  if (!LOOPBACK.test(media.hostname) || LOOPBACK.test(new URL(baseUrl).hostname)) return mediaUrl;
  return `${baseUrl}${media.pathname}${media.search}`;
}
