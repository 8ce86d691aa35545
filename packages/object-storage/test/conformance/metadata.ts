import { describe, expect } from '@jest/globals';
import { PLAIN, type Suite, stage, streamOf, uniquePrefix } from './suite.js';

const FILE_NAMES = [
  'plain name.jpg',
  'Пляж в августе.HEIC',
  '📷 grandma’s 90th 🎂.mov',
  'she said "cheese", \\ twice\'.png',
  'two\nlines\tand a tab',
  ' spaces at both ends ',
  'two  spaces   within',
  'e\u0301 is not é',
  '=?utf-8?B?Zg==?= and 100%25',
  '=?UTF-8?B?Zg==?=',
  '',
];

export function describeMetadata(suite: Suite): void {
  const { store, test } = suite;
  describe('metadata', () => {
    for (const fileName of FILE_NAMES) {
      test('metadata', `the file name ${JSON.stringify(fileName)} is read back unchanged`, async () => {
        const key = `${uniquePrefix()}named`;
        const metadata = { 'file-name': fileName, owner: 'u1' };
        const stored = await store().put(key, Buffer.from('x'), { ...PLAIN, metadata });
        expect(stored.metadata).toEqual(metadata);
        expect((await store().head(key)).metadata).toEqual(metadata);
      });
    }

    test('metadata', 'a staged upload keeps attributes, and the given hash as its etag', async () => {
      const key = `${uniquePrefix()}staged`;
      const attributes = {
        contentType: 'image/heic',
        metadata: { 'file-name': 'Пляж 🏖.heic', sha256: 'ab'.repeat(32) },
      };
      const upload = await store().beginUpload(key, 4, suite.partSize, attributes);
      const part = await store().writePart(upload, 0, streamOf(Buffer.from('wave')));
      const info = await store().completeUpload(upload, [part]);
      expect(info).toMatchObject({ key, size: 4, etag: attributes.metadata.sha256, ...attributes });
      expect(await store().head(key)).toEqual(info);
    });

    test('metadata', 'a staged upload without a hash has an etag that stays', async () => {
      const key = `${uniquePrefix()}tagged`;
      const staged = await stage(suite, key, 10);
      const info = await store().completeUpload(staged.upload, [await staged.write(0)]);
      expect(info.etag).toMatch(/^[^"\s]+$/);
      expect((await store().head(key)).etag).toBe(info.etag);
    });
  });
}
