import { randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import type { StoredPart } from '../../src/port.js';
import {
  brokenStream,
  expectSameBytes,
  nothingIsVisible,
  PLAIN,
  read,
  rejectsWith,
  type Suite,
  stage,
  streamOf,
  uniquePrefix,
} from './suite.js';

export function describeStagedUploads(suite: Suite): void {
  describe('staged uploads', () => {
    describeParts(suite);
    describeRepeatedParts(suite);
    describeWrongParts(suite);
    describeCompletion(suite);
    describeAbort(suite);
  });
}

function describeParts(suite: Suite): void {
  const { store, test, partSize } = suite;

  test('staged-uploads', 'parts in any order and in parallel make the object', async () => {
    const key = `${uniquePrefix()}parallel`;
    const staged = await stage(suite, key, partSize * 3 + 17);
    const [last, first] = await Promise.all([staged.write(3), staged.write(0)]);
    const [third, second] = await Promise.all([staged.write(2), staged.write(1)]);
    const info = await store().completeUpload(staged.upload, [first, second, third, last]);
    expect(info).toMatchObject({ key, size: staged.bytes.length, ...PLAIN, metadata: {} });
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('staged-uploads', 'one part, and a last part of full length, are enough', async () => {
    const prefix = uniquePrefix();
    for (const size of [1, partSize, partSize * 2]) {
      const staged = await stage(suite, `${prefix}${size}`, size);
      const parts: StoredPart[] = [];
      for (let index = 0; index < staged.count; index++) parts.push(await staged.write(index));
      await store().completeUpload(staged.upload, parts);
      expectSameBytes(await read(store(), `${prefix}${size}`), staged.bytes);
    }
  });

  test('staged-uploads', 'nothing is visible before it is complete', async () => {
    const key = `${uniquePrefix()}hidden`;
    const staged = await stage(suite, key, 100);
    await nothingIsVisible(store(), key);
    await staged.write(0);
    await nothingIsVisible(store(), key);
    await store().abortUpload(staged.upload);
  });

  test('staged-uploads', 'the object that is there stays until the new one is complete', async () => {
    const key = `${uniquePrefix()}superseded`;
    const old = await store().put(key, Buffer.from('old'), PLAIN);
    const staged = await stage(suite, key, 100);
    const part = await staged.write(0);
    expect(await store().head(key)).toEqual(old);
    await store().completeUpload(staged.upload, [part]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('staged-uploads', 'uploads for one key do not touch each other', async () => {
    const key = `${uniquePrefix()}contested`;
    const [one, two] = [await stage(suite, key, 50), await stage(suite, key, 60)];
    const [partOne, partTwo] = await Promise.all([one.write(0), two.write(0)]);
    await store().completeUpload(two.upload, [partTwo]);
    expectSameBytes(await read(store(), key), two.bytes);
    await store().completeUpload(one.upload, [partOne]);
    expectSameBytes(await read(store(), key), one.bytes);
  });
}

function describeRepeatedParts(suite: Suite): void {
  const { store, test, partSize } = suite;

  test('repeated-parts', 'the last write of a part wins', async () => {
    const key = `${uniquePrefix()}repeated`;
    const staged = await stage(suite, key, partSize + 5);
    await staged.write(0, randomBytes(partSize));
    await staged.write(0, randomBytes(partSize));
    const tail = await staged.write(1);
    const head = await staged.write(0);
    await store().completeUpload(staged.upload, [head, tail]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('repeated-parts', 'a repetition that breaks off, or is too short, does no harm', async () => {
    const key = `${uniquePrefix()}harmless`;
    const staged = await stage(suite, key, partSize);
    const part = await staged.write(0);
    const broken = brokenStream(randomBytes(partSize >> 1), 'hang-up');
    await expect(store().writePart(staged.upload, 0, broken)).rejects.toThrow();
    await rejectsWith(staged.write(0, randomBytes(partSize >> 1)), 'part_mismatch');
    await store().completeUpload(staged.upload, [part]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('repeated-parts', 'the same part from two senders at once is whole', async () => {
    const key = `${uniquePrefix()}raced`;
    const staged = await stage(suite, key, partSize);
    const other = randomBytes(partSize);
    await Promise.all([staged.write(0), staged.write(0, other)]);
    const last = await staged.write(0);
    await store().completeUpload(staged.upload, [last]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('repeated-parts', 'an etag never identifies the bytes of another write', async () => {
    const key = `${uniquePrefix()}stale`;
    const staged = await stage(suite, key, 1000);
    const stale = await staged.write(0);
    await staged.write(0, randomBytes(1000));
    try {
      await store().completeUpload(staged.upload, [stale]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'part_mismatch' });
      await nothingIsVisible(store(), key);
      return;
    }
    expectSameBytes(await read(store(), key), staged.bytes);
  });
}

function describeWrongParts(suite: Suite): void {
  const { store, test, partSize } = suite;

  test('staged-uploads', 'a part of the wrong length is refused, and can be sent again', async () => {
    const key = `${uniquePrefix()}lengths`;
    const staged = await stage(suite, key, partSize + 100);
    const wrong: [number, number][] = [
      [0, partSize - 1],
      [0, partSize + 1],
      [0, 0],
      [1, 99],
      [1, partSize],
    ];
    const tail = await staged.write(1);
    for (const [index, length] of wrong) {
      await expect(staged.write(index, randomBytes(length))).rejects.toMatchObject({
        code: 'part_mismatch',
        expected: index === 0 ? partSize : 100,
      });
    }
    const head = await staged.write(0);
    await store().completeUpload(staged.upload, [head, tail]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('staged-uploads', 'parts that the upload does not have are refused', async () => {
    const staged = await stage(suite, `${uniquePrefix()}numbers`, 100);
    for (const index of [-1, 1, 0.5, Number.NaN]) {
      await expect(store().writePart(staged.upload, index, streamOf(randomBytes(100)))).rejects.toThrow(
        RangeError,
      );
    }
    await store().abortUpload(staged.upload);
  });

  test('staged-uploads', 'an upload cannot be empty', async () => {
    const begin = (size: number): Promise<unknown> => store().beginUpload('a/b', size, partSize, PLAIN);
    for (const size of [0, -1, 1.5, Number.NaN]) await expect(begin(size)).rejects.toThrow(RangeError);
  });

  test('staged-uploads', 'a part that breaks off is not stored, and can be sent again', async () => {
    const key = `${uniquePrefix()}interrupted`;
    const staged = await stage(suite, key, 60_000);
    for (const how of ['error', 'hang-up'] as const) {
      const broken = brokenStream(randomBytes(30_000), how);
      await expect(store().writePart(staged.upload, 0, broken)).rejects.toThrow();
    }
    const part = await staged.write(0);
    await store().completeUpload(staged.upload, [part]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });
}

function describeCompletion(suite: Suite): void {
  const { store, test, partSize } = suite;

  test('staged-uploads', 'it is completed with all parts in order, or not at all', async () => {
    const key = `${uniquePrefix()}incomplete`;
    const staged = await stage(suite, key, partSize + 1);
    const [head, tail] = [await staged.write(0), await staged.write(1)];
    const invented: StoredPart = { index: 1, etag: 'f'.repeat(32) };
    for (const parts of [[], [head], [tail, head], [head, head], [head, tail, tail], [head, invented]]) {
      await rejectsWith(store().completeUpload(staged.upload, parts), 'part_mismatch');
      await nothingIsVisible(store(), key);
    }
    await store().completeUpload(staged.upload, [head, tail]);
    expectSameBytes(await read(store(), key), staged.bytes);
  });

  test('repeated-complete', 'completing again returns the same', async () => {
    const staged = await stage(suite, `${uniquePrefix()}twice`, 100);
    const parts = [await staged.write(0)];
    const info = await store().completeUpload(staged.upload, parts);
    expect(await store().completeUpload(staged.upload, parts)).toEqual(info);
  });

  test('repeated-complete', 'completing twice at once returns the same', async () => {
    const staged = await stage(suite, `${uniquePrefix()}at-once`, 100);
    const parts = [await staged.write(0)];
    const complete = (): Promise<unknown> => store().completeUpload(staged.upload, parts);
    const [first, second] = await Promise.all([complete(), complete()]);
    expect(first).toEqual(second);
  });

  test('staged-uploads', 'an upload that never began cannot be completed or written to', async () => {
    const staged = await stage(suite, `${uniquePrefix()}unknown`, 100);
    const part = await staged.write(0);
    await store().abortUpload(staged.upload);
    await rejectsWith(store().completeUpload(staged.upload, [part]), 'object_not_found');
    await rejectsWith(staged.write(0), 'object_not_found');
  });
}

function describeAbort(suite: Suite): void {
  const { store, test } = suite;

  test('staged-uploads', 'an aborted upload leaves nothing; aborting again is no error', async () => {
    const key = `${uniquePrefix()}aborted`;
    const staged = await stage(suite, key, 100);
    await staged.write(0);
    await store().abortUpload(staged.upload);
    await nothingIsVisible(store(), key);
    await store().abortUpload(staged.upload);
  });

  test('staged-uploads', 'aborting a completed upload keeps the object', async () => {
    const key = `${uniquePrefix()}completed`;
    const staged = await stage(suite, key, 100);
    await store().completeUpload(staged.upload, [await staged.write(0)]);
    await store().abortUpload(staged.upload);
    expectSameBytes(await read(store(), key), staged.bytes);
  });
}
