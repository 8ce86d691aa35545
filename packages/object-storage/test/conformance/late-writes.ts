import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import type { ObjectStore, StagedUpload } from '../../src/port.js';
import { expectSameBytes, read, rejectsWith, type Suite, stage, streamOf, uniquePrefix } from './suite.js';

/** A write of a part whose sender has sent half of it. */
interface SlowWrite {
  sendRest(): void;
  hangUp(): void;
  /** Never rejects. */
  ended: Promise<{ etag?: string; code?: unknown }>;
}

export function describeLateWrites(suite: Suite): void {
  const { test, partSize } = suite;
  const writers: [string, () => ObjectStore][] = [
    ['of the same process', suite.store],
    ['of another process', suite.other],
  ];

  const beginWrite = async (
    store: ObjectStore,
    upload: StagedUpload,
    index: number,
    bytes: Buffer,
  ): Promise<SlowWrite> => {
    const half = bytes.length >> 1;
    const body = new Readable({ read() {} });
    const ended = store.writePart(upload, index, body).then(
      ({ etag }) => ({ etag }),
      (error: { code?: unknown }) => ({ code: error.code }),
    );
    body.push(bytes.subarray(0, half));
    await eventually(() =>
      expect({ taken: body.readableDidRead, left: body.readableLength }).toEqual({ taken: true, left: 0 }),
    );
    return {
      sendRest: () => {
        if (body.destroyed) return;
        body.push(bytes.subarray(half));
        body.push(null);
      },
      hangUp: () => body.destroy(),
      ended,
    };
  };

  describe('a write that is still running when its upload is completed', () => {
    for (const [whose, writer] of writers) {
      for (const how of ['sendRest', 'hangUp'] as const) {
        test('staged-uploads', `changes nothing: ${whose}, ${how}`, async () => {
          const key = `${uniquePrefix()}late`;
          const staged = await stage(suite, key, partSize + 100);
          const late = await beginWrite(writer(), staged.upload, 0, randomBytes(partSize));
          const parts = [await staged.write(0), await staged.write(1)];
          await suite.store().completeUpload(staged.upload, parts);
          late[how]();
          expect((await late.ended).etag).toBeUndefined();
          expectSameBytes(await read(suite.store(), key), staged.bytes);
          await rejectsWith(
            writer().writePart(staged.upload, 0, streamOf(randomBytes(partSize))),
            'object_not_found',
          );
          expectSameBytes(await read(suite.store(), key), staged.bytes);
        });
      }
    }
  });

  describe('a part that two processes send at once', () => {
    test(
      'repeated-parts',
      'has the bytes of the etag with which it is completed, or is sent again',
      async () => {
        for (const completing of ['first', 'second'] as const) {
          const key = `${uniquePrefix()}${completing}`;
          const staged = await stage(suite, key, partSize);
          const wrong = randomBytes(partSize);
          const [first, second] = completing === 'first' ? [staged.bytes, wrong] : [wrong, staged.bytes];
          const slow = await beginWrite(suite.other(), staged.upload, 0, first);
          const quick = await staged.write(0, second);
          slow.sendRest();
          const { etag = '' } = await slow.ended;
          const part = completing === 'first' ? { index: 0, etag } : quick;
          const error = await suite
            .store()
            .completeUpload(staged.upload, [part])
            .then(
              () => undefined,
              (cause: unknown) => cause,
            );
          if (error === undefined) expectSameBytes(await read(suite.store(), key), staged.bytes);
          else expect(error).toMatchObject({ code: 'part_mismatch' });
        }
      },
    );
  });
}
