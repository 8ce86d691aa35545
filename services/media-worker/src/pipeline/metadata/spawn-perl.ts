import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { saysOutOfMemory, spawnBounded } from '../bounded-process.js';

export interface PerlOptions {
  perl: string;
  args: readonly string[];
  /** The most address space of the process. */
  maxMemoryBytes: number;
  /** Called when the process says that it ends because it got no more memory. */
  onOutOfMemory: (child: ChildProcess) => void;
  onOutput: (child: ChildProcess, bytes: number) => void;
}

/**
 * Starts perl with a limit of its memory. exiftool-vendored's own way to start it sometimes has no listener for the `error` event, which
 * would end this process. In a locale that the system lacks, perl prints a warning that exiftool-vendored treats as a failed start.
 */
export async function spawnPerl(options: PerlOptions): Promise<ChildProcess> {
  const { perl, args, maxMemoryBytes, onOutOfMemory, onOutput } = options;
  const command = ['/usr/bin/env', 'LC_ALL=C', perl, ...args];
  const child = await spawnBounded(command, { addressBytes: maxMemoryBytes });
  child.stderr?.on('data', (text) => {
    if (saysOutOfMemory(String(text))) onOutOfMemory(child);
  });
  child.stdout?.on('data', (chunk: Buffer) => onOutput(child, chunk.length));
  return child;
}

/** Resolves when all that an ended process has written was read; at once if it runs or none was started. */
export function outputRead(child: ChildProcess | undefined): Promise<void> {
  const hasEnded = child && (child.exitCode !== null || child.signalCode !== null);
  if (!hasEnded || child.stderr?.closed !== false) return Promise.resolve();
  return new Promise((resolve) => child.once('close', () => resolve()));
}

/** Returns the resident memory of a process; 0 if it has ended or the system does not tell (only Linux does). */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(statusOf(pid))?.[1] ?? 0) * 1024;
}

/** Synchronous: the system answers from its memory, in less time than a trip through the thread pool takes. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
