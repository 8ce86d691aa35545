import { Worker } from 'node:worker_threads';
import { previewSizes } from '@lazyphotos/contracts';
import pLimit, { type LimitFunction } from 'p-limit';
import { MAX_START_MS } from '../bounded-process.js';
import {
  MediaError,
  type MediaErrorCode,
  ProcessDiedError,
  ProcessorFaultError,
  ProcessorUnavailableError,
} from '../errors.js';
import type { Cicp, Limits } from '../types.js';

const IDLE_MS = 30_000;
/** A photo of a phone, made of tiles, takes less. What takes more waits for its turn. */
const LIGHT_BYTES = 96 * 1024 * 1024;
/** A photo of a phone, made of tiles, takes 17 MB; one of 9 megapixels without tiles 62 MB, of 24 megapixels 155 MB. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/** Twice the largest preview, so that a preview made of reduced pixels is as sharp as one made of all. */
const MIN_LONGER_SIDE = 2 * previewSizes.medium;
/** A Raspberry Pi decodes this many pixels well within the time limit. A larger picture gets a multiple of the time. */
const PIXELS_PER_TIMEOUT = 64_000_000;

/** Under jest the sources run uncompiled; Node strips the types. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? './heic-worker.ts' : './heic-worker.js',
  import.meta.url,
);

const REASONS: Record<MediaErrorCode, string> = {
  undecodable: 'The HEIC picture is damaged',
  too_large: 'The HEIC picture is too large for this server',
  unsupported: 'This variety of HEIC is not supported',
  timed_out: 'Decoding the HEIC picture took too long',
};

/**
 * libheif (WebAssembly) in its own thread, one picture at a time: decoding blocks for a second or more, and only a thread can be
 * stopped in the middle. WebAssembly memory never shrinks, so the thread ends after a picture that took much, and when idle.
 */
export class HeicDecoder {
  readonly #limits: Limits;
  readonly #lane: LimitFunction;
  readonly #workerUrl: URL;
  readonly #oneAtATime = pLimit(1);
  readonly #closing = new AbortController();
  #worker: DecoderThread | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** `lane`: runs what takes much memory, one at a time. `workerUrl`: the program of the thread. */
  constructor(limits: Limits, lane: LimitFunction = pLimit(1), workerUrl = WORKER_URL) {
    this.#limits = limits;
    this.#lane = lane;
    this.#workerUrl = workerUrl;
  }

  /** @throws MediaError, ProcessorUnavailableError, the reason of the signal */
  decode(path: string, signal?: AbortSignal): Promise<DecodedHeic> {
    const closing = this.#closing.signal;
    const anySignal = signal ? AbortSignal.any([signal, closing]) : closing;
    return this.#oneAtATime(() => this.#decodeLight(path, anySignal));
  }

  async close(): Promise<void> {
    this.#closing.abort(new ProcessorUnavailableError('The photo processor is closed'));
    await this.#oneAtATime(() => this.#stop());
  }

  async #decodeLight(path: string, signal: AbortSignal): Promise<DecodedHeic> {
    const { maxMemoryBytes } = this.#limits;
    if (maxMemoryBytes <= LIGHT_BYTES) return this.#decodeNow(path, maxMemoryBytes, signal);
    try {
      return await this.#decodeNow(path, LIGHT_BYTES, signal);
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'too_large') throw error;
      return this.#lane(() => this.#decodeNow(path, maxMemoryBytes, signal));
    }
  }

  async #decodeNow(path: string, maxMemoryBytes: number, signal: AbortSignal): Promise<DecodedHeic> {
    signal.throwIfAborted();
    clearTimeout(this.#idle);
    this.#worker ??= this.#startWorker();
    try {
      const { maxPixels, timeoutMs } = this.#limits;
      const request = { path, maxPixels, maxMemoryBytes, minLongerSide: MIN_LONGER_SIDE };
      const reply = await ask(this.#worker, request, timeoutMs, signal);
      if ('failure' in reply) throw toError(reply.failure);
      if (reply.decoderBytes > MAX_KEPT_BYTES) await this.#stop();
      else this.#idle = setTimeout(() => this.#stop(), IDLE_MS).unref();
      return reply.decoded;
    } catch (error) {
      // After an error the state of the decoder's memory is unknown.
      await this.#stop();
      throw error;
    }
  }

  #startWorker(): DecoderThread {
    const started: DecoderThread = { worker: new Worker(this.#workerUrl), isReady: false };
    started.worker.once('message', () => {
      started.isReady = true;
    });
    started.worker.on('exit', () => {
      if (this.#worker === started) this.#worker = undefined;
    });
    // A running call has its own listener. If an idle thread fails, the next photo starts another.
    started.worker.on('error', () => undefined);
    return started;
  }

  async #stop(): Promise<void> {
    const stopped = this.#worker;
    this.#worker = undefined;
    clearTimeout(this.#idle);
    await stopped?.worker.terminate();
  }
}

interface DecoderThread {
  worker: Worker;
  /** It has loaded the decoder. What fails before that says nothing about a photo. */
  isReady: boolean;
}

/** Sends one request and waits for its reply, the thread's end, the time limit or the signal. */
function ask(
  thread: DecoderThread,
  request: DecodeRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<DecodeOutcome> {
  const { worker } = thread;
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
    const failOrUnavailable = (error: Error) =>
      fail(
        thread.isReady
          ? error
          : new ProcessorUnavailableError('The HEIC decoder cannot be started', { cause: error }),
      );
    const onTimeout = () => failOrUnavailable(new MediaError('timed_out', REASONS.timed_out, size));
    let timer = setTimeout(onTimeout, thread.isReady ? timeoutMs : MAX_START_MS);
    const setTimer = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(onTimeout, ms);
    };
    const onMessage = (reply: DecodeReply) => {
      if (reply === 'ready') setTimer(timeoutMs);
      else if ('size' in reply) {
        size = reply.size;
        setTimer(timeoutMs * Math.ceil((size.width * size.height) / PIXELS_PER_TIMEOUT));
      } else {
        stopListening();
        resolve(reply);
      }
    };
    const onLost = (cause: unknown) =>
      failOrUnavailable(new ProcessDiedError('The HEIC decoder ended unexpectedly', { cause }));
    const onAbort = () => fail(signal.reason);
    worker.on('message', onMessage).on('error', onLost).on('exit', onLost);
    signal.addEventListener('abort', onAbort);
    worker.ref();
    worker.postMessage(request);
  });
}

function toError({ code, reason, size }: DecodeFailure): Error {
  const cause = new Error(reason);
  if (code === 'machine') return new ProcessorUnavailableError('The HEIC file cannot be read', { cause });
  if (code === 'unknown') return new ProcessorFaultError('The HEIC decoder failed', { cause });
  return new MediaError(code, REASONS[code], { cause, ...size });
}

/** A request to the decoder thread. */
export interface DecodeRequest {
  path: string;
  maxPixels: number;
  /** The limit of the decoder's memory and of the decoded pixels together; more is `too_large`. */
  maxMemoryBytes: number;
  /** The picture may be reduced as long as its longer side has this many pixels. */
  minLongerSide: number;
}

/**
 * Upright pixels, RGB or RGBA, without gaps between the rows, with `pixelOffset` bytes of room for a header in front of them.
 * Samples are bytes, or 16-bit words of the machine's byte order (little-endian on x64 and arm64) that span the whole range.
 */
export interface Pixels {
  buffer: ArrayBuffer;
  pixelOffset: number;
  width: number;
  height: number;
  channels: 3 | 4;
  bitsPerSample: 8 | 16;
}

export interface DecodedHeic {
  pixels: Pixels;
  /** The size of the photo as displayed; there may be fewer pixels. */
  width: number;
  height: number;
  icc?: Uint8Array;
  /** Absent if there is an ICC profile, which has priority (ISO/IEC 23000-22, 7.3.6.4). */
  cicp?: Cicp;
}

export interface DecodeFailure {
  /** `machine`: the file cannot be read; `unknown`: the machine or the file may be the cause. */
  code: MediaErrorCode | 'machine' | 'unknown';
  reason: string;
  /** Present if it could be read. */
  size?: Size;
}

/**
 * The thread sends `ready` when it has loaded the decoder. For each request it sends the size of the photo, if its header can be read,
 * and then the outcome.
 */
export type DecodeReply = 'ready' | { size: Size } | DecodeOutcome;
/** `decoderBytes`: the WebAssembly memory that the thread holds. */
export type DecodeOutcome = { decoded: DecodedHeic; decoderBytes: number } | { failure: DecodeFailure };

/** The size of the photo as displayed, in pixels. */
export interface Size {
  width: number;
  height: number;
}
