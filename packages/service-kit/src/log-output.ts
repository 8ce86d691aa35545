import { writeSync } from 'node:fs';
import type { LogTarget } from './log-file.js';

/** How long a line waits for others. Each write costs several times what a line costs that goes with others. */
const GATHER_MS = 50;
/** So many are written at once without waiting. */
const MOST_LINES = 1000;
/** What may wait for a reader of stdout that does not read; later lines are lost. */
const MOST_WAITING_BYTES = 16_000_000;
/** How long, and how often, an exit waits for such a reader. */
const EXIT_WAIT_MS = 50;
const EXIT_ATTEMPTS = 100;

/**
 * Writes log lines together, and synchronously, so that nothing is lost that was written when the process ends: streams and writes
 * that are running lose theirs. What still waits for others at an exit, also by an uncaught exception, is written then.
 */
export class LogOutput {
  readonly #target: LogTarget;
  #lines: string[] = [];
  /** What a full pipe has not taken. */
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  /** A full disk took a part of a line. */
  #isBroken = false;

  constructor(target: LogTarget) {
    this.#target = target;
    process.once('exit', () => this.#writeAll());
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length >= MOST_LINES) this.#write();
    else this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => this.#write(), GATHER_MS).unref();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let rest = this.#takeWaiting();
    const bytes = rest.length;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#target.descriptor, rest));
      this.#isFailing = false;
      this.#target.written?.(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#keep(rest);
      else {
        this.#isBroken ||= rest.length < bytes && rest.length > 0;
        this.#complain(error);
      }
    }
  }

  #keep(rest: Buffer): void {
    this.#rest = rest;
    this.#writeLater();
  }

  #takeWaiting(): Buffer {
    const lines = this.#rest.length < MOST_WAITING_BYTES ? this.#lines : [];
    const text = lines.map((line) => `${line}\n`).join('');
    // The next line does not continue one of which the end was lost.
    const waiting = Buffer.concat([this.#rest, Buffer.from(this.#isBroken && text ? `\n${text}` : text)]);
    if (text) this.#isBroken = false;
    this.#lines = [];
    this.#rest = Buffer.alloc(0);
    return waiting;
  }

  #writeAll(): void {
    this.#write();
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let attempt = 0; attempt < EXIT_ATTEMPTS && this.#rest.length > 0; attempt += 1) {
      Atomics.wait(pause, 0, 0, EXIT_WAIT_MS);
      this.#write();
    }
  }

  /** Once, until lines can be written again: it is the log that is broken. */
  #complain(error: unknown): void {
    if (!this.#isFailing) process.stderr.write(`could not write the log: ${String(error)}\n`);
    this.#isFailing = true;
  }
}
