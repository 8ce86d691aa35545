import { copyFile, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { isDiskFull } from './errors.js';

const MAX_BYTES = 4 * 1024 * 1024;
const CHECK_EVERY_MS = 10 * 60_000;
const TAIL_BYTES = 4096;

/** Creates the file when it is missing. Only its owner can read it, because a failed statement may contain a user's data. */
export async function createLogFile(file: string): Promise<void> {
  await writeFile(file, '', { flag: 'a', mode: 0o600 });
}

/**
 * Keeps the log at 4 MB and one older generation. Copies and empties it instead of renaming it: the server keeps the
 * file open, in append mode, while it runs.
 */
export async function boundLogFile(file: string, maxBytes = MAX_BYTES): Promise<void> {
  if ((await logSize(file)) <= maxBytes) return;
  await copyFile(file, `${file}.1`).catch(async (error: unknown) => {
    if (!isDiskFull(error)) throw error;
    // The log must not keep a server from starting: its old lines go.
    await rm(`${file}.1`, { force: true });
  });
  await truncate(file);
}

/** Checks the size regularly until the returned function is called. Does not keep the process alive. */
export function keepLogBounded(file: string): () => void {
  const timer = setInterval(() => void boundLogFile(file).catch(() => {}), CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export async function logSize(file: string): Promise<number> {
  return stat(file).then(
    (info) => info.size,
    () => 0,
  );
}

/** Returns the last lines that were written after byte `from`. */
export async function logTail(file: string, from: number): Promise<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await handle.close();
  }
}
