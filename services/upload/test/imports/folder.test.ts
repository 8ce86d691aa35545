import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { ended, photo, reportOf, sendArchive, startImport, zipOf } from './archives.js';

const xmp = (description: string) => `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
  xmlns:xmp="http://ns.adobe.com/xap/1.0/" photoshop:DateCreated="2011-05-06T07:08:09Z" xmp:Rating="4">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${description}</rdf:li></rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>Sea</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

describeWithPostgres('a plain ZIP of photos', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('is imported with what its XMP files say', async () => {
    const user = node.user();
    const files = {
      'holidays/a.jpg': photo('with xmp'),
      'holidays/a.jpg.xmp': xmp('At the sea'),
      'holidays/b.jpg': photo('by its stem'),
      'holidays/b.xmp': xmp('By the stem'),
      'holidays/IMG_20120304_050607.jpg': photo('dated by name'),
      'holidays/metadata.json': { title: 'no album here' },
    };
    const id = await startImport(user, {
      source: 'folder',
      hash: await sendArchive(user, await zipOf(files)),
    });
    expect(await ended(user, id)).toMatchObject({ imported: 3, sidecars: 2, ignored: 1 });
    const report = await reportOf(user, id);
    const told = new Map(
      node.catalog.described.flatMap(({ photos }) => photos).map((each) => [each.photoId, each]),
    );
    expect(told.get(report['holidays/a.jpg'].photoId)).toMatchObject({
      date: { capturedAt: '2011-05-06T07:08:09.000Z', source: 'sidecar' },
      edits: { description: 'At the sea', rating: 4, tags: ['Sea'] },
      albumIds: [],
    });
    expect(told.get(report['holidays/b.jpg'].photoId)).toMatchObject({
      edits: { description: 'By the stem' },
    });
    expect(told.get(report['holidays/IMG_20120304_050607.jpg'].photoId)).toMatchObject({
      date: { capturedAt: '2012-03-04T05:06:07.000Z', source: 'fileName' },
    });
  });
});
