import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { extraField, type RawEntry, rawZip } from './raw-zip.js';
import { bufferSource, list } from './sources.js';

const pathOf = async (entry: RawEntry): Promise<string | undefined> =>
  (await list(bufferSource(rawZip([entry]))))[0]?.path;

/** A name without the flag for UTF-8. */
const unmarked = (bytes: readonly number[] | string, encoding: BufferEncoding = 'latin1'): RawEntry => ({
  name: typeof bytes === 'string' ? Buffer.from(bytes, encoding) : Buffer.from(bytes),
});

/** ASCII with one byte in place of each `?`. */
const withBytes = (text: string, ...bytes: number[]): RawEntry => {
  const name = Buffer.from(text, 'latin1');
  for (const byte of bytes) name[name.indexOf('?')] = byte;
  return { name };
};

describe('a name that is marked as UTF-8', () => {
  test.each(['Übung.jpg', '写真/海.jpg', 'пляж 🏖.jpg', 'e\u0301.jpg', '\u00e9.jpg'])('%s', async (name) => {
    expect(await pathOf({ name })).toBe(name);
  });

  test('and is not, has U+FFFD for what is wrong', async () => {
    const path = await pathOf({ name: Buffer.from([0x61, 0xff, 0xed, 0xa0, 0x80, 0x62]), flags: 0x800 });
    expect(path).toMatch(/^a\uFFFD+b$/u);
  });
});

describe('a name that is not marked', () => {
  test('is UTF-8 if it can be', async () => {
    expect(await pathOf(unmarked('Fotos von 2019/Größe é 写真.jpg', 'utf8'))).toBe(
      'Fotos von 2019/Größe é 写真.jpg',
    );
  });

  test.each([
    ['Übung.jpg', withBytes('?bung.jpg', 0x9a)],
    ['Größe.jpg', withBytes('Gr??e.jpg', 0x94, 0xe1)],
    ['Café.jpg', withBytes('Caf?.jpg', 0x82)],
    ['é', withBytes('?', 0x82)],
    ['ü.jpg', withBytes('?.jpg', 0x81)],
    ['Ärger/Öl.jpg', withBytes('?rger/?l.jpg', 0x8e, 0x99)],
    ['señor Ñandú.jpg', withBytes('se?or ?and?.jpg', 0xa4, 0xa5, 0xa3)],
    ['à la crème.jpg', withBytes('? la cr?me.jpg', 0x85, 0x8a)],
  ])('is CP437: %s', async (expected, entry) => {
    expect(await pathOf(entry)).toBe(expected);
  });

  test.each([
    'Übung.jpg',
    'Größe.jpg',
    'Café.jpg',
    'Ärger/Öl.jpg',
    'señor Ñandú.jpg',
    'à la crème.jpg',
    'São João.jpg',
  ])('is Latin-1: %s', async (name) => {
    expect(await pathOf(unmarked(name))).toBe(name);
  });

  test('is valid for all bytes', async () => {
    for (let byte = 1; byte < 256; byte += 1) {
      const path = (await pathOf(unmarked([0x61, byte, 0x80 + (byte % 64), 0x62]))) as string;
      expect(path.isWellFormed()).toBe(true);
      expect(path).not.toContain('\0');
    }
  });
});

describe("Info-ZIP's Unicode path", () => {
  const raw = Buffer.from('?bung.jpg');
  const unicodePath = (version: number, crc: number) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(version, 0);
    head.writeUInt32LE(crc, 1);
    return extraField(0x7075, Buffer.concat([head, Buffer.from('Übung.jpg')]));
  };

  test('goes before the name', async () => {
    expect(await pathOf({ name: raw, extra: unicodePath(1, crc32(raw)) })).toBe('Übung.jpg');
  });

  test('is not that of another name, nor of an unknown version', async () => {
    expect(await pathOf({ name: raw, extra: unicodePath(1, 1) })).toBe('?bung.jpg');
    expect(await pathOf({ name: raw, extra: unicodePath(2, crc32(raw)) })).toBe('?bung.jpg');
  });

  test('may be as hostile as the name', async () => {
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeUInt32LE(crc32(raw), 1);
    const extra = extraField(0x7075, Buffer.concat([head, Buffer.from('../photo.jpg')]));
    const [file] = await list(bufferSource(rawZip([{ name: raw, extra }])));
    expect(file).toMatchObject({ path: '../photo.jpg', problem: { code: 'unsafe_path' } });
  });
});

describe('the time of a file', () => {
  const timeOf = async (entry: Partial<RawEntry>): Promise<string | undefined> =>
    (await list(bufferSource(rawZip([{ name: 'a.jpg', ...entry }]))))[0]?.modifiedAt?.toISOString();
  const seconds = (value: number) => {
    const data = Buffer.alloc(5, 1);
    data.writeInt32LE(value, 1);
    return extraField(0x5455, data);
  };
  const windowsTime = (value: bigint) => {
    const data = Buffer.alloc(32);
    data.writeUInt16LE(1, 4);
    data.writeUInt16LE(24, 6);
    data.writeBigInt64LE(value, 8);
    return extraField(0x000a, data);
  };

  test('of MS-DOS is taken for UTC', async () => {
    // 2019-07-04 12:34:56
    expect(await timeOf({ date: (39 << 9) | (7 << 5) | 4, time: (12 << 11) | (34 << 5) | 28 })).toBe(
      '2019-07-04T12:34:56.000Z',
    );
  });

  test('of Unix or Windows goes first', async () => {
    expect(await timeOf({ extra: seconds(1_500_000_000) })).toBe('2017-07-14T02:40:00.000Z');
    expect(await timeOf({ extra: windowsTime(131_444_736_000_000_000n) })).toBe('2017-07-14T02:40:00.000Z');
  });

  test('is unknown when none is given, or none that can be', async () => {
    expect(await timeOf({ date: 0 })).toBeUndefined();
    expect(await timeOf({ date: (39 << 9) | (7 << 5) })).toBeUndefined();
    expect(await timeOf({ extra: windowsTime(2n ** 62n) })).toBeUndefined();
    expect(await timeOf({ extra: windowsTime(-(2n ** 62n)) })).toBeUndefined();
  });
});
