import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { reserveBytes } from '@lazyphotos/object-storage';
import { createPeriodic, Gauge, type Logger, type Metrics, type Periodic } from '@lazyphotos/service-kit';

/** Room for PostgreSQL to recover from its log and to go on: four segments of 16 MiB. */
const LARGEST_BYTES = 64 * 1024 ** 2;
const PART_OF_RESERVE = 1 / 4;
/** PostgreSQL ends when it cannot create the next segment of its log, so the file goes before the last byte does. */
const RELEASE_BELOW = 1 / 4;
/** A start writes more than a node that runs. */
const RELEASE_AT_START_BELOW = 1 / 2;
/** So much must be free for the file to be made: half of its size is left then, and it stays. */
const MAKE_ABOVE = 3 / 2;
const LOOK_MS = 500;
const WRITE_BYTES = 1024 ** 2;

interface Disk {
  free: number;
  /** The size that the file has to have. */
  wanted: number;
}

/**
 * A file of real blocks in the data folder. It is removed when the disk is full, so that PostgreSQL can write its log, the node starts and
 * deletes go through; and made again once there is room (docs/decisions/0043-a-full-disk.md).
 */
export class DiskReserve {
  readonly #folder: string;
  readonly #configured: number | undefined;

  /** `configured`: the setting, in bytes. */
  constructor(dataDir: string, configured: number | undefined) {
    this.#folder = resolve(dataDir);
    this.#configured = configured;
  }

  get #file(): string {
    return join(this.#folder, 'reserve');
  }

  get #draft(): string {
    return `${this.#file}.new`;
  }

  /** Before anything is written at a start, and before PostgreSQL is started again. Resolves to whether the file was removed. */
  async releaseForStart(): Promise<boolean> {
    // Whatever is wrong with the folder, opening it says so.
    await rm(this.#draft, { force: true }).catch(() => undefined);
    return this.#releaseBelow(RELEASE_AT_START_BELOW);
  }

  /**
   * Looks at the disk twice a second until it is stopped. `settle` resolves when what takes room later has taken it: PostgreSQL creates
   * databases with holes in their files, which its next checkpoint fills.
   */
  watch(logger: Logger, settle: () => Promise<void>): Periodic {
    const look = (signal: AbortSignal) => this.#look(logger, settle, signal);
    return createPeriodic('the watch over the disk', LOOK_MS, look, logger);
  }

  measure({ registry }: Metrics): void {
    const held = () => this.#heldBytes();
    new Gauge({
      name: 'lazyphotos_reserve_file_bytes',
      help: 'Size of the file that is removed when the disk of the data folder is full; 0 while it is',
      registers: [registry],
      async collect() {
        this.set(await held());
      },
    });
  }

  async #look(logger: Logger, settle: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (await this.#releaseBelow(RELEASE_BELOW))
      logger.error('the disk is full: the reserve file was removed; make room', { folder: this.#folder });
    else if ((await this.#hasRoom()) && (await this.#make(settle, signal)))
      logger.info('the reserve file was made', { bytes: await this.#heldBytes() });
  }

  async #releaseBelow(part: number): Promise<boolean> {
    const held = await this.#heldBytes();
    if (held === 0) return false;
    const { free, wanted } = await this.#disk();
    if (wanted > 0 && free >= held * part) return false;
    await rm(this.#file, { force: true });
    return true;
  }

  /** Writes the file under another name first: it is there as a whole, or not at all. */
  async #make(settle: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    await settle();
    if (!(await this.#hasRoom())) return false;
    const { wanted } = await this.#disk();
    try {
      const file = await open(this.#draft, 'w', 0o600);
      try {
        await fill(file, wanted, signal);
      } finally {
        await file.close();
      }
      await rename(this.#draft, this.#file);
      return true;
    } catch (error) {
      await rm(this.#draft, { force: true });
      throw error;
    }
  }

  /** Whether the file is to be made, and can be. */
  async #hasRoom(): Promise<boolean> {
    const { free, wanted } = await this.#disk();
    return wanted !== (await this.#heldBytes()) && free >= wanted * MAKE_ABOVE;
  }

  async #heldBytes(): Promise<number> {
    return stat(this.#file).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async #disk(): Promise<Disk> {
    const { bavail, blocks, bsize } = await statfs(this.#folder);
    const reserve = reserveBytes(this.#configured, blocks * bsize);
    return { free: bavail * bsize, wanted: Math.min(LARGEST_BYTES, Math.floor(reserve * PART_OF_RESERVE)) };
  }
}

/** Random bytes: a file system that compresses would keep nothing free with zeros. */
async function fill(file: FileHandle, bytes: number, signal: AbortSignal): Promise<void> {
  const block = randomBytes(WRITE_BYTES);
  for (let left = bytes; left > 0; left -= WRITE_BYTES) {
    signal.throwIfAborted();
    block.writeBigUInt64LE(BigInt(left));
    const { bytesWritten } = await file.write(block, 0, Math.min(left, WRITE_BYTES));
    if (bytesWritten < Math.min(left, WRITE_BYTES)) throw new Error('the disk was filled meanwhile');
  }
  await file.datasync();
}
