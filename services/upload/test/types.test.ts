import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ACCEPTED_TYPES, canonicalMimeType } from '@lazyphotos/contracts';
import { buildTiff, describeWithPostgres, type SamplePhoto, samplePhotos } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from './harness.js';
import { fileOf } from './user.js';

const samples = samplePhotos();

/** As a phone would call it: by the extension, which is all that most of them look at. */
function declaredType({ name, mime }: SamplePhoto): string {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return ACCEPTED_TYPES.find((type) => type.extensions.includes(extension))?.mimeType ?? mime;
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
  )('is recognized by its first bytes, even if the rest of %s is damaged', async (_name, sample) => {
    const { user, reply } = await complete(sample);
    expect([200, 415]).toContain(reply.status);
    if (reply.status === 415) expect(await node.keysOf(user.id)).toEqual([]);
    if (sample.name.endsWith('html-as.jpg')) expect(reply.status).toBe(415);
  });

  /** The beginning of a HEIF file, whose brands tell the codec. */
  const heif = (...brands: string[]): Buffer<ArrayBuffer> => {
    const text = `ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(4 + text.length);
    return Buffer.concat([size, Buffer.from(text, 'latin1')]);
  };
  const sendAs = async (bytes: Buffer<ArrayBuffer>, mimeType: string) => {
    const user = node.user();
    const reply = await user.complete((await user.send(fileOf(bytes, mimeType))).id);
    if (reply.status !== 200) return { status: reply.status };
    const events = await node.eventsOf(reply.body.photoId);
    return { status: 200, stored: events.map(({ payload }) => (payload as { mimeType: string }).mimeType) };
  };

  it.each([
    ['image/heic', heif('mif1', 'miaf', 'heic'), 'image/heic'],
    ['image/heif', heif('heix', 'mif1'), 'image/heic'],
    ['image/avif', heif('mif1', 'miaf', 'avif'), 'image/avif'],
    ['image/heif', heif('avif', 'mif1'), 'image/avif'],
    ['image/heif', heif('mif1', 'avif'), 'image/avif'],
    ['image/heif', heif('avio', 'msf1'), 'image/avif'],
    ['image/heif-sequence', heif('msf1', 'hevc'), 'image/heic'],
  ])('of HEIF is the one that the content has: announced as %s', async (announced, bytes, stored) => {
    expect(await sendAs(bytes, announced)).toEqual({ status: 200, stored: [stored] });
  });

  it('of HEIF is not AVIF because it is called so, nor is a video a photo', async () => {
    expect(await sendAs(heif('mif1', 'heic'), 'image/avif')).toEqual({ status: 415 });
    expect(await sendAs(heif('avif', 'mif1'), 'image/heic')).toEqual({ status: 415 });
    expect(await sendAs(heif('isom', 'mp41'), 'image/heic')).toEqual({ status: 415 });
    expect(await sendAs(heif('qt  '), 'image/heif')).toEqual({ status: 415 });
  });

  it('of a camera RAW is TIFF, or the name that the client has for it', async () => {
    // A tag of printers, and as many tags as the files of other makers have: neither tells the make.
    const tags = Object.fromEntries(Array.from({ length: 27 }, (_, index) => [254 + index, [1]]));
    const raw = buildTiff([{ tags: { ...tags, 271: 'PENTAX Corporation', 50341: [0] } }]);
    for (const name of ['image/tiff', 'image/x-nikon-nef', 'image/x-sony-arw', 'image/x-adobe-dng']) {
      expect(await sendAs(raw, name)).toEqual({ status: 200, stored: [name] });
    }
    const dng = buildTiff([{ tags: { ...tags, 50341: [0], 50706: [1, 4, 0, 0] } }]);
    expect(await sendAs(dng, 'image/x-adobe-dng')).toEqual({ status: 200, stored: ['image/x-adobe-dng'] });
    expect(await sendAs(dng, 'image/tiff')).toEqual({ status: 415 });
    const { status } = await node.user().announce(fileOf(raw, 'image/x-pentax-pef'));
    expect(status).toBe(415);
  });
});
