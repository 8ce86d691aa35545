import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { acceptedTypes, canonicalMimeType } from '@lazyphotos/contracts';
import { describeWithPostgres, type SamplePhoto, samplePhotos } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from './harness.js';
import { fileOf } from './user.js';

const samples = samplePhotos();

/** As a phone would call it: by the extension, which is all that most of them look at. */
function declaredType({ name, mime }: SamplePhoto): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return acceptedTypes.find((type) => type.extensions.includes(extension))?.mimeType ?? mime;
}

const good = samples
  .folder('good')
  .filter((photo) => !photo.name.startsWith('good/mismatch/') && canonicalMimeType(declaredType(photo)));

describeWithPostgres('the type of the content', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload({ settings: { chunkBytes: 1024 ** 2, uploadMaxBytes: 1024 ** 3 } });
  });
  afterAll(() => node.stop());

  const complete = async (sample: SamplePhoto, mimeType = declaredType(sample)) => {
    const user = node.user();
    const session = await user.send(fileOf(Buffer.from(await readFile(sample.path)), mimeType));
    return { user, reply: await user.complete(session.id) };
  };

  it.each(good.map((sample) => [sample.name, sample] as const))(
    'is recognised in %s',
    async (_name, sample) => {
      const { user, reply } = await complete(sample);
      expect(reply).toMatchObject({ status: 200 });
      expect(await node.bytesOf({ id: reply.body.photoId, userId: user.id })).toHaveLength(sample.bytes);
    },
  );

  it.each(samples.folder('good/mismatch').map((sample) => [sample.name, sample] as const))(
    'goes before the name of %s',
    async (_name, sample) => {
      const { user, reply } = await complete(sample);
      expect(reply).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
      expect(await node.keysOf(user.id)).toEqual([]);
      expect((await complete(sample, sample.mime)).reply.status).toBe(200);
    },
  );

  const ofEachType = [...new Map(good.map((sample) => [declaredType(sample), sample]))];
  it.each(ofEachType)('must be the announced one: %s', async (type, sample) => {
    for (const other of ['image/gif', 'image/webp', 'image/avif', 'image/x-canon-cr3'].filter(
      (name) => name !== type,
    )) {
      expect((await complete(sample, other)).reply.status).toBe(415);
    }
  });

  it.each(
    samples
      .folder('bad')
      .filter(({ bytes }) => bytes > 0)
      .map((sample) => [sample.name, sample] as const),
  )('is judged by its first bytes, whatever is wrong with the rest of %s', async (_name, sample) => {
    const { user, reply } = await complete(sample);
    expect([200, 415]).toContain(reply.status);
    if (reply.status === 415) expect(await node.keysOf(user.id)).toEqual([]);
    if (sample.name.endsWith('html-as.jpg')) expect(reply.status).toBe(415);
  });
});
