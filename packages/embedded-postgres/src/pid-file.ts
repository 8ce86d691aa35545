import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The lines of postmaster.pid that matter here (src/include/utils/pidfile.h). */
export interface PidFile {
  pid: number;
  /** Seconds since 1970, as text: with the pid it names one run of the server. */
  startedAt: string;
  port: number;
  status: string;
}

export function pidFilePath(dataDir: string): string {
  return join(dataDir, 'postmaster.pid');
}

/** Undefined when there is none, or one that is not written to its end yet (or ever: a power cut). */
export async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  const text = await readFile(pidFilePath(dataDir), 'utf8').catch(() => '');
  return parsePidFile(text);
}

/** A single-user server writes a negative pid; it is a server all the same. */
export function parsePidFile(text: string): PidFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Math.abs(Number(lines[0]));
  if (!lines[0] || !Number.isInteger(pid) || pid === 0) return undefined;
  return { pid, startedAt: lines[2] ?? '', port: Number(lines[3] ?? 0), status: lines[7] ?? '' };
}
