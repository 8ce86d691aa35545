import { expect, test } from '@jest/globals';
import { matchFolder, matchFolderInThread } from '@lazyphotos/import-engine';

test('a large folder is matched in a thread, with the same result', async () => {
  const names = Array.from({ length: 1200 }, (_, at) => `IMG_${at}.jpg`);
  const folder = {
    source: 'takeout' as const,
    media: names.map((name, at) => ({ id: BigInt(at), name })),
    sidecars: names.map((name, at) => ({ id: BigInt(10_000 + at), name: `${name}.json`, title: name })),
  };
  const matched = await matchFolderInThread(folder);
  expect(matched).toEqual(matchFolder(folder));
  expect(matched.matches).toHaveLength(1200);
});
