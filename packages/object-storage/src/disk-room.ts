import { StorageFullError } from './errors.js';
import { type DiskSpace, hasFreeSpace, type ObjectStore } from './port.js';

const LARGEST_RESERVE = 1024 ** 3;
const RESERVED_PART = 0.02;

/** Returns what is to stay free of a disk of this size: what is configured, or the smaller of 1 GiB and 2 %. */
export const reserveBytes = (configured: number | undefined, diskBytes: number): number =>
  configured ?? Math.min(LARGEST_RESERVE, Math.floor(diskBytes * RESERVED_PART));

export interface Room {
  free: number;
  reserve: number;
  /** What may still be written before the reserve is used; negative when it is. */
  left: number;
}

export interface DiskRoomOptions {
  /** The setting, in bytes. */
  configured: number | undefined;
  /** How much of the reserve this writer leaves free: 1 is all of it. */
  part?: number;
}

/** The room on the disk of a store, for writers that leave a reserve of it free. */
export class DiskRoom {
  readonly #store: ObjectStore;
  readonly #options: DiskRoomOptions;

  constructor(store: ObjectStore, options: DiskRoomOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Resolves to undefined when the check is turned off, or the store does not know its disk. */
  async look(): Promise<Room | undefined> {
    const { configured, part = 1 } = this.#options;
    if (configured === 0 || !hasFreeSpace(this.#store)) return undefined;
    const { free, total }: DiskSpace = await this.#store.diskSpace();
    // Some network file systems do not tell.
    if (total === 0) return undefined;
    const reserve = Math.floor(reserveBytes(configured, total) * part);
    return { free, reserve, left: free - reserve };
  }

  /** @throws StorageFullError when `bytes` more would use the reserve */
  async require(bytes: number): Promise<void> {
    const room = await this.look();
    if (room && room.left < bytes) throw noRoom(room, bytes);
  }
}

export const noRoom = ({ free, reserve }: Room, bytes: number): StorageFullError =>
  new StorageFullError(
    `the disk is nearly full, with no room for ${bytes} bytes: ${free} are free, and ${reserve} are kept free`,
  );
