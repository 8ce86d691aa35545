import { type CopiesApi, internalEndpoints } from '@lazyphotos/contracts';
import type { Peers } from './peer.js';

/** A camera RAW of 100 MB goes from the store to the media worker and back, and may wait for others before it. */
const COPY_TIMEOUT_MS = 120_000;

/** The media worker of another process, over HTTP. */
export const createCopiesClient = ({ call }: Peers, mediaWorkerUrl: string): CopiesApi => ({
  makeCopy: (body) => call(mediaWorkerUrl, internalEndpoints.makeCopy, { body, timeoutMs: COPY_TIMEOUT_MS }),
});
