import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SharpOptions } from 'sharp';
import { type EndReason, MAX_START_MS, saysOutOfMemory, spawnBounded } from '../bounded-process.js';
import {
  MediaError,
  type MediaErrorCode,
  ProcessDiedError,
  ProcessorFaultError,
  ProcessorUnavailableError,
} from '../errors.js';
import type { Pixels } from '../render/render-pixels.js';
import type { Header, Limits, Picture } from '../types.js';

/** What the process writes first, once it has loaded all that it needs. What fails before that says nothing about a photo. */
export const READY = 'ready\n';

export type ChildRequest =
  | { kind: 'header'; path: string; where: SharpOptions }
  | { kind: 'render'; picture: Omit<Picture, 'release'>; limits: Limits };

/** The line after `READY`. The samples of the pixels follow it. */
export type ChildReply =
  | { header: Header }
  | { pixels: Omit<Pixels, 'data'> }
  | {
      failure: {
        code: MediaErrorCode | 'memory' | 'machine' | 'unknown';
        reason: string;
        detail: string;
      } & ChildSize;
    };
interface ChildSize {
  width?: number;
  height?: number;
  orientation?: number | undefined;
}

export interface ChildAnswer {
  reply: Exclude<ChildReply, { failure: unknown }>;
  data: Buffer;
}

export interface ChildOptions {
  limits: Limits;
  signal: AbortSignal;
  onEnd: (reason: EndReason) => void;
}

const MEBIBYTE = 1024 * 1024;
/** What Node and libvips take before they decode anything, measured: 43 MB. */
const PROGRAM_BYTES = 64 * MEBIBYTE;
/** The largest preview takes less than 5 MB. */
const MAX_ANSWER_BYTES = 16 * MEBIBYTE;
const MAX_STDERR_CHARACTERS = 64 * 1024;
/** Without compiled code V8 reserves no memory for it, which would count against the limit. What is slow runs in libvips. */
const NODE_ARGUMENTS = ['--jitless', '--v8-pool-size=1'];

/** The compiled one, also under jest: Node needs WebAssembly to load TypeScript. */
const CHILD_PATH = fileURLToPath(new URL('../../../dist/pipeline/decode/decode-child.js', import.meta.url));

/**
 * Has a process of its own answer one request, within limits of memory, processor time and time. `program`: what it runs.
 * @throws MediaError (too_large and timed_out for the limits), ProcessDiedError when something else ends it, ProcessorUnavailableError,
 * the reason of the signal
 */
export async function askChild(
  request: ChildRequest,
  options: ChildOptions,
  program = CHILD_PATH,
): Promise<ChildAnswer> {
  const { limits, signal, onEnd } = options;
  signal.throwIfAborted();
  const command = [process.execPath, ...NODE_ARGUMENTS, program];
  const bounds = {
    dataBytes: PROGRAM_BYTES + limits.maxMemoryBytes,
    cpuSeconds: Math.ceil((MAX_START_MS + limits.timeoutMs) / 1000),
  };
  const child = await spawnBounded(command, bounds).catch((cause: unknown) => {
    throw new ProcessorUnavailableError('The decoder cannot be started', { cause });
  });
  const ended = await untilEnd(child, request, limits.timeoutMs, signal);
  signal.throwIfAborted();
  const isReady = ended.output.subarray(0, READY.length).equals(Buffer.from(READY));
  if (!isReady) {
    const { code, endSignal, hasTimedOut, stderrText } = ended;
    const how = hasTimedOut ? 'it was not ready in time' : `it ended with ${endSignal ?? code}`;
    throw new ProcessorUnavailableError('The decoder cannot be started', {
      cause: new Error(`${how}: ${stderrText}`),
    });
  }
  const answer = ended.code === 0 ? parse(ended.output.subarray(READY.length)) : undefined;
  if (answer && !('failure' in answer.reply)) return { reply: answer.reply, data: answer.data };
  const failure = answer && 'failure' in answer.reply ? answer.reply.failure : undefined;
  if (failure?.code === 'machine' || failure?.code === 'unknown') {
    const FaultError = failure.code === 'machine' ? ProcessorUnavailableError : ProcessorFaultError;
    throw new FaultError('The decoder failed', { cause: new Error(failure.detail) });
  }
  if (failure && failure.code !== 'memory') {
    const { code, reason, detail, width, height, orientation } = failure;
    const size = width && height ? { width, height } : {};
    throw new MediaError(code, reason, { cause: new Error(detail), orientation, ...size });
  }
  const reason = failure ? 'memory' : endReasonOf(ended);
  onEnd(reason);
  throw endError(reason, request, failure?.detail ?? ended.stderrText);
}

interface Ended {
  code: number | null;
  endSignal: NodeJS.Signals | null;
  hasTimedOut: boolean;
  output: Buffer;
  /** The start of what it has printed as an error. */
  stderrText: string;
}

/** Sends the request and collects what the process writes. Resolves when it has ended. It has `timeoutMs` once it is ready. */
function untilEnd(
  child: ChildProcess,
  request: ChildRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Ended> {
  const { stdin, stdout, stderr } = child;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let stderrText = '';
  let hasTimedOut = false;
  const kill = () => child.kill('SIGKILL');
  const onTimeout = () => {
    hasTimedOut = true;
    kill();
  };
  let timer = setTimeout(onTimeout, MAX_START_MS);
  // Its first output says that it is ready.
  stdout?.once('data', () => {
    clearTimeout(timer);
    timer = setTimeout(onTimeout, timeoutMs);
  });
  // It may have been aborted while the process was started.
  if (signal.aborted) kill();
  else signal.addEventListener('abort', kill);
  stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) kill();
    else chunks.push(chunk);
  });
  stderr?.on('data', (chunk: Buffer) => {
    stderrText = (stderrText + chunk.toString('latin1')).slice(0, MAX_STDERR_CHARACTERS);
  });
  // It may end before it has read the request.
  stdin?.on('error', () => undefined);
  stdin?.end(JSON.stringify(request));
  return new Promise((resolve) => {
    child.once('close', (code, endSignal) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      resolve({ code, endSignal, hasTimedOut, output: Buffer.concat(chunks), stderrText });
    });
  });
}

function parse(output: Buffer): { reply: ChildReply; data: Buffer } | undefined {
  const end = output.indexOf('\n');
  if (end === -1) return undefined;
  return { reply: JSON.parse(output.toString('utf8', 0, end)) as ChildReply, data: output.subarray(end + 1) };
}

function endReasonOf({ endSignal, hasTimedOut, stderrText }: Ended): EndReason {
  if (hasTimedOut || endSignal === 'SIGXCPU') return 'time';
  return saysOutOfMemory(stderrText) ? 'memory' : 'killed';
}

function endError(reason: EndReason, request: ChildRequest, detail: string): Error {
  const cause = new Error(detail.slice(0, 1000));
  if (reason === 'killed')
    return new ProcessDiedError('The process that decoded the picture ended', { cause });
  const { width, height, turnedBy: orientation } = request.kind === 'render' ? request.picture : {};
  const size = width && height ? { width, height, orientation } : {};
  return reason === 'time'
    ? new MediaError('timed_out', 'Decoding the picture took too long', { cause, ...size })
    : new MediaError('too_large', 'Decoding the picture takes more memory than this server has for it', {
        cause,
        ...size,
      });
}
