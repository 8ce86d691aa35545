import { DiskRoom, noRoom, type ObjectStore, type Room } from '@lazyphotos/object-storage';
import type { Logger } from '@lazyphotos/service-kit';
import type { RefusedStep, UploadMetrics } from './metrics.js';

export interface UploadRoomDeps {
  store: ObjectStore;
  /** The setting, in bytes. */
  diskReserveBytes: number | undefined;
  metrics: UploadMetrics;
  logger: Logger;
}

/**
 * Refuses uploads that would use the reserve of the disk (docs/decisions/0043-a-full-disk.md): a new session when what is announced and
 * what open sessions have still to send would not fit, a chunk when it does not fit beside those that are being written.
 */
export class UploadRoom {
  readonly #deps: UploadRoomDeps;
  readonly #disk: DiskRoom;
  #writing = 0;
  #isFull = false;

  constructor(deps: UploadRoomDeps) {
    this.#deps = deps;
    this.#disk = new DiskRoom(deps.store, { configured: deps.diskReserveBytes });
    deps.metrics.watchDisk(() => this.#disk.look());
  }

  /** Resolves to the bytes that may be written before the reserve is used; undefined when there is no limit. */
  async left(): Promise<number | undefined> {
    return (await this.#look())?.left;
  }

  /** @throws StorageFullError when `bytes` more would use the reserve */
  async require(bytes: number, step: RefusedStep): Promise<void> {
    const left = await this.left();
    if (left !== undefined && left < bytes) throw await this.refusal(bytes, step);
  }

  /** @throws StorageFullError when nothing but the reserve is free; nothing is counted as refused */
  check(): Promise<void> {
    return this.#disk.require(0);
  }

  /** Runs `write`, which writes so many bytes. @throws StorageFullError when they would use the reserve */
  async whileWriting<T>(bytes: number, write: () => Promise<T>): Promise<T> {
    this.#writing += bytes;
    try {
      const left = await this.left();
      // Of what is being written, some is on the disk already and counts twice: never the reverse.
      if (left !== undefined && left < this.#writing) throw await this.refusal(bytes, 'chunk');
      return await write();
    } finally {
      this.#writing -= bytes;
    }
  }

  /** Counts and logs a refusal, once until there is room again. Resolves to its error. */
  async refusal(bytes: number, step: RefusedStep): Promise<Error> {
    const { metrics, logger } = this.#deps;
    const room = (await this.#disk.look()) ?? { free: 0, reserve: 0, left: 0 };
    metrics.refused.inc({ step });
    if (!this.#isFull) {
      const { free: freeBytes, reserve: reserveBytes } = room;
      logger.error('uploads are refused: the disk is nearly full', { freeBytes, reserveBytes });
    }
    this.#isFull = true;
    return noRoom(room, bytes);
  }

  async #look(): Promise<Room | undefined> {
    const room = await this.#disk.look();
    if (room && this.#isFull && room.left > 0) {
      this.#isFull = false;
      this.#deps.logger.info('uploads are accepted again', { freeBytes: room.free });
    }
    return room;
  }
}
