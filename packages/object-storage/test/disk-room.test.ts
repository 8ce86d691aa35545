import { describe, expect, it } from '@jest/globals';
import { reserveBytes } from '../src/disk-room.js';

describe('what is to stay free of a disk', () => {
  it.each([
    ['an empty disk', 0, 0],
    ['a card of 8 GB', 8e9, 160e6],
    ['a card of 32 GB', 32e9, 640e6],
    ['a disk of 50 GiB', 50 * 1024 ** 3, 1024 ** 3],
    ['a disk of 4 TB', 4e12, 1024 ** 3],
  ])('is the smaller of 2 %% and 1 GiB: %s', (_disk, total, reserved) => {
    expect(reserveBytes(undefined, total)).toBe(reserved);
  });

  it.each([8e9, 4e12])('is what the setting says, whatever the disk: of %d bytes', (total) => {
    for (const configured of [0, 1, 5e9]) expect(reserveBytes(configured, total)).toBe(configured);
  });
});
