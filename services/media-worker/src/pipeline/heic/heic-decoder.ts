import { Worker } from 'node:worker_threads';
import { previewSizes } from '@lazyphotos/contracts';
import { MediaError, type MediaErrorCode, ProcessorUnavailableError } from '../errors.js';
import type { Limits } from '../types.js';
import type {
  DecodedHeic,
  DecodeFailure,
  DecodeOutcome,
  DecodeReply,
  DecodeRequest,
  Size,
} from './protocol.js';

export interface HeicDecoder {
  /** Decodes one picture at a time. Throws `MediaError`, `ProcessorUnavailableError`, or the signal's reason. */
  decode(path: string, signal?: AbortSignal): Promise<DecodedHeic>;
  close(): Promise<void>;
}

const idleMs = 30_000;
/** Enough for the largest preview to be scaled down from, so that it is as sharp as one made of all pixels. */
const minLongerSide = 2 * previewSizes.medium;
/** A Raspberry Pi decodes so many within the time limit with room to spare; a picture of more gets the time again. */
const pixelsPerTimeout = 64_000_000;
const ignore = () => undefined;

/** Node strips the types itself when the sources run uncompiled, as they do under jest. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './heic-worker.ts' : './heic-worker.js',
  import.meta.url,
);

const reasons: Record<MediaErrorCode, string> = {
  undecodable: 'The HEIC picture is damaged',
  too_large: 'The HEIC picture is too large for this server',
  unsupported: 'This variety of HEIC is not supported',
  timed_out: 'Decoding the HEIC picture took too long',
};

/**
 * libheif (WebAssembly) in a thread of its own: decoding blocks for a second or more, and only a thread can be stopped in
 * the middle. The thread ends when idle, since WebAssembly memory (over 100 MB after one photo) never shrinks.
 */
export function createHeicDecoder(limits: Limits): HeicDecoder {
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();

  function startWorker(): Worker {
    const started = new Worker(workerUrl);
    started.on('exit', () => {
      if (worker === started) worker = undefined;
    });
    // The call under way, if any, fails by it; in an idle thread it only means that the next photo starts another.
    started.on('error', () => undefined);
    return started;
  }

  async function stop(): Promise<void> {
    const stopped = worker;
    worker = undefined;
    clearTimeout(idle);
    await stopped?.terminate();
  }

  async function decodeNow(path: string, signal: AbortSignal): Promise<DecodedHeic> {
    signal.throwIfAborted();
    clearTimeout(idle);
    worker ??= startWorker();
    try {
      const { maxPixels, maxMemoryBytes, timeoutMs } = limits;
      const request = { path, maxPixels, maxMemoryBytes, minLongerSide };
      const reply = await ask(worker, request, timeoutMs, signal);
      if ('failure' in reply) throw toError(reply.failure);
      idle = setTimeout(stop, idleMs).unref();
      return reply.decoded;
    } catch (error) {
      // After a fault nobody knows what state the decoder's memory is in.
      await stop();
      throw error;
    }
  }

  return {
    decode(path, signal) {
      const anySignal = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      const result = queue.then(() => decodeNow(path, anySignal));
      // Waits for the turn without holding on to the picture.
      queue = result.then(ignore, ignore);
      return result;
    },
    async close() {
      closing.abort(new ProcessorUnavailableError('The photo processor is closed'));
      await queue;
      await stop();
    },
  };
}

/** Sends one request and waits for its reply, the thread's end, the time limit or the signal. */
function ask(
  worker: Worker,
  request: DecodeRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<DecodeOutcome> {
  return new Promise((resolve, reject) => {
    let size: Size | undefined;
    const stopListening = () => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onLost).off('exit', onLost);
      signal.removeEventListener('abort', onAbort);
      worker.unref();
    };
    const fail = (error: unknown) => {
      stopListening();
      reject(error);
    };
    const giveUp = () => fail(new MediaError('timed_out', reasons.timed_out, size));
    let timer = setTimeout(giveUp, timeoutMs);
    const onMessage = (reply: DecodeReply) => {
      if (!('size' in reply)) {
        stopListening();
        resolve(reply);
        return;
      }
      size = reply.size;
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeoutMs * Math.ceil((size.width * size.height) / pixelsPerTimeout));
    };
    const onLost = (cause: unknown) =>
      fail(new ProcessorUnavailableError('The HEIC decoder ended unexpectedly', { cause }));
    const onAbort = () => fail(signal.reason);
    worker.on('message', onMessage).on('error', onLost).on('exit', onLost);
    signal.addEventListener('abort', onAbort);
    worker.ref();
    worker.postMessage(request);
  });
}

function toError({ code, reason, size }: DecodeFailure): Error {
  const cause = new Error(reason);
  if (code === 'machine') return new ProcessorUnavailableError('The HEIC decoder failed', { cause });
  return new MediaError(code, reasons[code], { cause, ...size });
}
