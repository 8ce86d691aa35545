import { describe, expect } from '@jest/globals';
import { keysOf, PLAIN, type Suite, uniquePrefix } from './suite.js';

export function describeListing({ store, test }: Suite): void {
  const fill = async (names: readonly string[]): Promise<string> => {
    const prefix = uniquePrefix();
    await Promise.all(names.map((name) => store().put(prefix + name, Buffer.from(name), PLAIN)));
    return prefix;
  };

  describe('listing', () => {
    test('listing', 'keys come in the order of their bytes, across folders', async () => {
      const names = ['a-b', 'a/b', 'a/b-c', 'a.b', 'a0', 'B', 'a/Z', 'z/y/x/w', 'z/y-', 'b/1', 'b/10', 'b/2'];
      const prefix = await fill(names);
      expect(await keysOf(store(), prefix)).toEqual([...names].sort().map((name) => prefix + name));
    });

    test('listing', 'a prefix may end inside a name, and selects nothing else', async () => {
      const prefix = await fill(['user1/a', 'user1/b', 'user10/c', 'user2/d', 'other']);
      const list = async (beginning: string): Promise<string[]> =>
        (await keysOf(store(), prefix + beginning)).map((key) => key.slice(prefix.length));
      expect(await list('user1/')).toEqual(['user1/a', 'user1/b']);
      expect(await list('user1')).toEqual(['user1/a', 'user1/b', 'user10/c']);
      expect(await list('user1/b')).toEqual(['user1/b']);
      expect(await list('user1/b/')).toEqual([]);
      expect(await list('nobody')).toEqual([]);
      expect(await list('no/such/folder/')).toEqual([]);
    });

    test('listing', 'each entry is what head says', async () => {
      const prefix = uniquePrefix();
      const attributes = {
        contentType: 'image/png',
        metadata: { 'file-name': 'пляж.png', sha256: 'cd'.repeat(32) },
      };
      await store().put(`${prefix}one`, Buffer.from('one'), attributes);
      for await (const listed of store().list(prefix)) expect(listed).toEqual(await store().head(listed.key));
    });

    test('listing', 'a listing may be left early, and survives deletes ahead of it', async () => {
      const prefix = await fill(Array.from({ length: 40 }, (_, n) => `${n + 100}`));
      const seen: string[] = [];
      for await (const { key } of store().list(prefix)) {
        seen.push(key);
        if (seen.length === 1) await store().delete(`${prefix}139`);
        if (seen.length === 10) break;
      }
      expect(seen.length).toBe(10);
      expect((await keysOf(store(), prefix)).length).toBe(39);
    });

    test('listing', 'staged uploads are not listed', async () => {
      const prefix = await fill(['visible']);
      const upload = await store().beginUpload(`${prefix}staged`, 1, 5 * 1024 * 1024, PLAIN);
      expect(await keysOf(store(), prefix)).toEqual([`${prefix}visible`]);
      await store().abortUpload(upload);
    });
  });
}
