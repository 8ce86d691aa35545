import { randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import type { StagedUpload, UploadUnderWay } from '../../src/port.js';
import { PLAIN, rejectsWith, type Suite, streamOf, uniquePrefix } from './suite.js';

const SIZE = 100;

export function describeUploadsUnderWay({ store, test }: Suite): void {
  const begin = (key: string): Promise<StagedUpload> =>
    store().beginUpload(key, SIZE, 5 * 1024 * 1024, PLAIN);
  const listed = async (prefix: string): Promise<UploadUnderWay[]> => {
    const all: UploadUnderWay[] = [];
    for await (const upload of store().listUploads(prefix)) all.push(upload);
    return all;
  };
  const keysUnderWay = async (prefix: string): Promise<string[]> =>
    (await listed(prefix)).map(({ key }) => key.slice(prefix.length)).sort();

  describe('uploads under way', () => {
    test('staged-uploads', 'are listed by prefix', async () => {
      const prefix = uniquePrefix();
      for (const name of ['u1/a', 'u1/b', 'u10/c', 'u2/d', 'u2/d']) await begin(prefix + name);
      expect(await keysUnderWay(`${prefix}u1/`)).toEqual(['a', 'b']);
      expect(await keysUnderWay(`${prefix}u1`)).toEqual(['/a', '/b', '0/c']);
      expect(await keysUnderWay(`${prefix}u2/d`)).toEqual(['', '']);
      expect(await keysUnderWay(`${prefix}nobody`)).toEqual([]);
      for (const { begunAt } of await listed(prefix))
        expect(Math.abs(Date.now() - begunAt.getTime())).toBeLessThan(600_000);
    });

    test('staged-uploads', 'are so until they are completed or aborted', async () => {
      const prefix = uniquePrefix();
      const [completed, aborted] = [await begin(`${prefix}a`), await begin(`${prefix}b`)];
      const part = await store().writePart(completed, 0, streamOf(randomBytes(SIZE)));
      expect(await keysUnderWay(prefix)).toEqual(['a', 'b']);
      await store().completeUpload(completed, [part]);
      expect(await keysUnderWay(prefix)).toEqual(['b']);
      await store().abortUpload(aborted);
      expect(await keysUnderWay(prefix)).toEqual([]);
    });

    test('staged-uploads', 'can be aborted as they are listed', async () => {
      const prefix = uniquePrefix();
      const forgotten = await begin(`${prefix}forgotten`);
      const kept = await begin(`${prefix}kept`);
      for (const upload of await listed(`${prefix}forgotten`)) await store().abortUpload(upload);
      await rejectsWith(store().writePart(forgotten, 0, streamOf(randomBytes(SIZE))), 'object_not_found');
      expect(await keysUnderWay(prefix)).toEqual(['kept']);
      await store().completeUpload(kept, [await store().writePart(kept, 0, streamOf(randomBytes(SIZE)))]);
    });

    test('staged-uploads', 'are not listed for an invalid prefix', async () => {
      for (const prefix of ['../', '/', 'a//']) await rejectsWith(listed(prefix), 'invalid_key');
    });
  });
}
