import { randomBytes } from 'node:crypto';
import { describe, expect } from '@jest/globals';
import { hasChangeNotices, hasVersionCheck, type ObjectInfo, type ObjectStore } from '../../src/port.js';
import { brokenStream, PLAIN, rejectsWith, type Suite, stage, uniquePrefix } from './suite.js';

function isCurrent(store: ObjectStore, info: ObjectInfo): Promise<boolean> {
  if (!hasVersionCheck(store)) throw new Error('the store cannot check versions');
  return store.isCurrent(info);
}

export function describeVersions(suite: Suite): void {
  const { store, test } = suite;
  describe('versions', () => {
    test('version-check', 'an unchanged object is current, whoever has described it', async () => {
      const key = `${uniquePrefix()}unchanged`;
      const stored = await store().put(key, randomBytes(5000), PLAIN);
      const { info, body } = await store().get(key);
      body.destroy();
      for (const known of [stored, info, await store().head(key)])
        expect(await isCurrent(store(), known)).toBe(true);
    });

    test(
      'version-check',
      'a replaced object is not, even by the same number of bytes or the same bytes',
      async () => {
        const key = `${uniquePrefix()}replaced`;
        const bytes = randomBytes(5000);
        let before = await store().put(key, bytes, PLAIN);
        for (const next of [randomBytes(5000), randomBytes(5000), bytes, bytes]) {
          const after = await store().put(key, next, PLAIN);
          expect(await isCurrent(store(), before)).toBe(false);
          expect(await isCurrent(store(), after)).toBe(true);
          before = after;
        }
      },
    );

    test('version-check', 'a deleted object is not, nor is the next one of its key', async () => {
      const key = `${uniquePrefix()}deleted`;
      const first = await store().put(key, randomBytes(5000), PLAIN);
      await store().delete(key);
      expect(await isCurrent(store(), first)).toBe(false);
      await store().put(key, randomBytes(6000), PLAIN);
      expect(await isCurrent(store(), first)).toBe(false);
    });

    test('version-check', 'an object of a staged upload is current from its completion on', async () => {
      const key = `${uniquePrefix()}staged`;
      const staged = await stage(suite, key, 10);
      const parts = [await staged.write(0)];
      const info = await store().completeUpload(staged.upload, parts);
      expect(await isCurrent(store(), info)).toBe(true);
      expect(await isCurrent(store(), await store().completeUpload(staged.upload, parts))).toBe(true);
    });

    test('version-check', 'no description without a version is current', async () => {
      const key = `${uniquePrefix()}unnamed`;
      const { version: _, ...info } = await store().put(key, randomBytes(10), PLAIN);
      expect(await isCurrent(store(), info)).toBe(false);
    });

    /** Returns what is heard about one key, with what readers see at that moment: the size, or undefined if it is gone. */
    const listen = (key: string): Promise<number | undefined>[] => {
      const current = store();
      if (!hasChangeNotices(current)) throw new Error('the store does not tell of changes');
      const seen: Promise<number | undefined>[] = [];
      const sizeOf = () =>
        current.head(key).then(
          ({ size }) => size,
          () => undefined,
        );
      current.onChange((changed) => {
        if (changed === key) seen.push(sizeOf());
      });
      return seen;
    };

    test('change-notices', 'tell of each change once readers see it, before it is acknowledged', async () => {
      const key = `${uniquePrefix()}noticed`;
      const seen = listen(key);
      await store().put(`${key}-other`, randomBytes(1), PLAIN);
      expect(seen).toHaveLength(0);
      await store().put(key, randomBytes(10), PLAIN);
      expect(seen).toHaveLength(1);
      await store().put(key, randomBytes(20), PLAIN, { reproducible: true });
      expect(seen).toHaveLength(2);
      await store().delete(key);
      expect(seen).toHaveLength(3);
      const staged = await stage(suite, key, 30);
      await store().completeUpload(staged.upload, [await staged.write(0)]);
      expect(seen).toHaveLength(4);
      expect(await seen[3]).toBe(30);
    });

    test('change-notices', 'come when readers see the change', async () => {
      const key = `${uniquePrefix()}visible`;
      const seen = listen(key);
      const when = (work: Promise<unknown>) => work.then(() => seen.pop());
      expect(await when(store().put(key, randomBytes(10), PLAIN))).toBe(10);
      expect(await when(store().put(key, randomBytes(20), PLAIN))).toBe(20);
      expect(await when(store().delete(key))).toBeUndefined();
    });

    test('change-notices', 'do not come of what changes nothing', async () => {
      const key = `${uniquePrefix()}unchanged`;
      const seen = listen(key);
      const body = brokenStream(randomBytes(10), 'error');
      await expect(store().put(key, body, PLAIN)).rejects.toThrow('broke off');
      await rejectsWith(store().get(key), 'object_not_found');
      const staged = await stage(suite, key, 10);
      await store().abortUpload(staged.upload);
      expect(seen).toHaveLength(0);
    });
  });
}
