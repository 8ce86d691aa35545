import { closeSync, fstatSync, openSync, renameSync } from 'node:fs';
import { format, parse } from 'node:path';

/** Where log lines go. */
export interface LogTarget {
  readonly descriptor: number;
  /** Called after whole lines of so many bytes. */
  written?(bytes: number): void;
}

export const STDOUT: LogTarget = { descriptor: 1 };

const LARGEST_BYTES = 10_000_000;
const FILES = 5;

/** A log file that is rotated at 10 MB: `node.log` is the newest of five, then come `node1.log` to `node4.log`. */
export class LogFile implements LogTarget {
  readonly #file: string;
  #descriptor: number;
  #size: number;

  /** @throws the error of the file system if the file cannot be opened */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a');
    this.#size = fstatSync(this.#descriptor).size;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  written(bytes: number): void {
    this.#size += bytes;
    if (this.#size >= LARGEST_BYTES) this.#rotate();
  }

  /** Opens the new file first: on a full disk nothing is renamed, and the old one goes on. */
  #rotate(): void {
    const draft = `${this.#file}.new`;
    const descriptor = openSync(draft, 'a');
    for (let number = FILES - 1; number > 0; number -= 1)
      renameIfPresent(this.#numbered(number - 1), this.#numbered(number));
    renameSync(draft, this.#file);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#size = 0;
  }

  #numbered(number: number): string {
    if (number === 0) return this.#file;
    const { dir, name, ext } = parse(this.#file);
    return format({ dir, name: `${name}${number}`, ext });
  }
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
