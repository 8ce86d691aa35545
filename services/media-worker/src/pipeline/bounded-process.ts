import { type ChildProcess, spawn } from 'node:child_process';

export interface Bounds {
  /** Of the address space, whether it is used or not. */
  addressBytes?: number;
  /** Of the memory that the process can write to and shares with no other one. */
  dataBytes?: number;
  cpuSeconds?: number;
}

/** Why a helper process ended: it ran into one of its limits, or something else ended it. */
export type EndReason = 'memory' | 'time' | 'killed';

/** Told of the processes that work on photos. */
export interface ToolObserver {
  started(tool: ToolName): void;
  ended(tool: ToolName, reason: EndReason): void;
}
/** Does nothing. */
export const UNOBSERVED: ToolObserver = { started: () => undefined, ended: () => undefined };

export type ToolName = 'decoder' | 'exiftool';

/** A decoder that has not loaded its libraries after this time is given up. */
export const MAX_START_MS = 60_000;

/** Extra seconds in which a process that has used up its processor time can end. */
const GRACE_SECONDS = 5;

/**
 * Sets the limits and becomes the program. `ulimit` is part of every shell; what a system does not know (macOS: -v, -d) does not bound it.
 * When the machine runs out of memory, the kernel ends this process before all others.
 */
const SCRIPT = `{ echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null || :
limit() { ulimit "$@" 2>/dev/null || :; }
limit -v "$1"; limit -d "$2"; limit -S -t "$3"; limit -H -t "$4"
shift 4
exec "$@"`;

/** Starts a program with limits. Never emits an `error` event without a listener, which would end this process. */
export function spawnBounded(command: readonly string[], bounds: Bounds): Promise<ChildProcess> {
  const { addressBytes, dataBytes, cpuSeconds } = bounds;
  const kibibytes = (bytes: number | undefined) =>
    bytes === undefined ? 'unlimited' : String(Math.floor(bytes / 1024));
  const limits = [
    kibibytes(addressBytes),
    kibibytes(dataBytes),
    String(cpuSeconds ?? 'unlimited'),
    String(cpuSeconds === undefined ? 'unlimited' : cpuSeconds + GRACE_SECONDS),
  ];
  return new Promise((resolve, reject) => {
    // In a process group of its own: Ctrl-C in a terminal is for the node, which ends its helpers itself.
    const options = { stdio: 'pipe', detached: true } as const;
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', ...limits, ...command], options);
    child.on('spawn', () => resolve(child));
    child.on('error', reject);
  });
}

const NO_MEMORY =
  /out of memory|(insufficient|not enough) memory|memory allocation|(can ?not|could ?n[o']t|unable to|failed to) allocate|creating thread|bad_alloc/i;
/** libheif's own limit of the number of items, which it calls a failed allocation, too. */
const LIBRARY_LIMIT = /security limit/i;

/** Whether that is what perl, V8, GLib, C++ and the libraries behind libvips say when they get no more memory. */
export const saysOutOfMemory = (text: string): boolean => NO_MEMORY.test(text) && !LIBRARY_LIMIT.test(text);
