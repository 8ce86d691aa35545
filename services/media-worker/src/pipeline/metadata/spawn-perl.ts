import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface PerlOptions {
  perl: string;
  args: readonly string[];
  /** The most address space of the process. */
  maxMemoryBytes: number;
  /** Called when the process says that it ends because it got no more memory. */
  onOutOfMemory: (child: ChildProcess) => void;
}

/**
 * Sets the limit and becomes perl. `ulimit` is part of every shell; a system that does not know `-v` (macOS) runs perl without a limit.
 * In a locale that the system lacks, perl prints a warning that exiftool-vendored treats as a failed start.
 */
const SCRIPT = 'ulimit -v "$1" 2>/dev/null || :; shift; exec /usr/bin/env LC_ALL=C "$@"';

/**
 * Starts perl with a limit of its memory. exiftool-vendored's own way to start it sometimes has no listener for the `error` event, which
 * would end this process.
 */
export function spawnPerl({ perl, args, maxMemoryBytes, onOutOfMemory }: PerlOptions): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const kibibytes = String(Math.floor(maxMemoryBytes / 1024));
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', kibibytes, perl, ...args], { stdio: 'pipe' });
    child.stderr.on('data', (text) => {
      if (/out of memory/i.test(String(text))) onOutOfMemory(child);
    });
    child.on('spawn', () => resolve(child));
    child.on('error', reject);
  });
}

/** Resolves when all that an ended process has written was read; at once if it runs or none was started. */
export function outputRead(child: ChildProcess | undefined): Promise<void> {
  const hasEnded = child && (child.exitCode !== null || child.signalCode !== null);
  if (!hasEnded || child.stderr?.closed !== false) return Promise.resolve();
  return new Promise((resolve) => child.once('close', () => resolve()));
}

/** Resolves to the resident memory of a process; to 0 if it has ended or the system does not tell (only Linux does). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
