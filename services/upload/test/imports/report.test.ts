import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { ended, photo, reportOf, sendArchive, startImport, video, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';

describeWithPostgres('the report of an import', () => {
  let node: UploadNode;
  let isPending = true;
  let isAway = false;
  beforeAll(async () => {
    node = await startUpload({
      catalog: {
        photoDates: async (_userId, photoIds) => {
          if (isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
          return photoIds.map((photoId) => ({
            photoId,
            capturedAt: '2015-07-01T10:00:00.000Z',
            capturedAtSource: 'exifOriginal',
            processing: isPending ? 'pending' : 'ready',
          }));
        },
      },
    });
  });
  afterAll(() => node.stop());

  it('says where each date comes from, once the file has been read', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf({ [`${YEAR}/a.jpg`]: photo('dated') }));
    const id = await startImport(user, { source: 'takeout', hash });
    await ended(user, id);
    isPending = true;
    expect((await reportOf(user, id))[`${YEAR}/a.jpg`]).toMatchObject({ dateSource: 'pending' });
    isPending = false;
    expect((await reportOf(user, id))[`${YEAR}/a.jpg`]).toMatchObject({
      dateSource: 'exifOriginal',
      capturedAt: '2015-07-01T10:00:00.000Z',
    });
  });

  it('as CSV opens in a spreadsheet, without formulas', async () => {
    const user = node.user();
    const name = '=HYPERLINK("http://example.org";"a"), \n"b".jpg';
    const hash = await sendArchive(user, await zipOf({ [name]: photo('formula'), 'ä.mp4': video('clip') }));
    const id = await startImport(user, { source: 'folder', hash });
    await ended(user, id);
    const { headers, text } = await user.call(`/imports/${id}/report?format=csv`);
    expect(headers.get('content-type')).toMatch(/^text\/csv; charset=utf-8/);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="import-${id}.csv"`);
    expect(text).toMatch(/^\ufeff?path,archive,sizeBytes,outcome,code,/);
    expect(text).toContain(`"'=HYPERLINK(""http://example.org"";""a""), `);
    expect(text).toContain('ä.mp4,takeout-001.zip,');
  });

  it('has more files than one page, in their order', async () => {
    const user = node.user();
    const names = Array.from({ length: 1203 }, (_, at) => `${YEAR}/${at}.html`);
    const hash = await sendArchive(user, await zipOf(Object.fromEntries(names.map((name) => [name, 'x']))));
    const id = await startImport(user, { source: 'takeout', hash });
    expect(await ended(user, id)).toMatchObject({ total: 1203, ignored: 1203 });
    const { body } = await user.call(`/imports/${id}/report`);
    expect(body.entries.map(({ path }: { path: string }) => path)).toEqual(names);
    expect(body.import).toMatchObject({ id, total: 1203 });
  });

  it('is a problem while the catalog is away, and not half a file', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf({ 'a.jpg': photo('later') }));
    const id = await startImport(user, { source: 'folder', hash });
    await ended(user, id);
    isAway = true;
    const reply = await user.call(`/imports/${id}/report`);
    expect([reply.status, reply.body.code]).toEqual([503, 'service_unavailable']);
    isAway = false;
    await eventually(async () => expect((await user.call(`/imports/${id}/report`)).status).toBe(200));
  });

  it('is for its user alone, as all of an import is', async () => {
    const user = node.user();
    const hash = await sendArchive(user, await zipOf({ 'a.jpg': photo('private') }));
    const id = await startImport(user, { source: 'folder', hash });
    await ended(user, id);
    const other = node.user();
    for (const [method, path, json] of [
      ['GET', `/imports/${id}`],
      ['GET', `/imports/${id}/report`],
      ['GET', `/imports/${id}/report?format=csv`],
      ['DELETE', `/imports/${id}`],
      ['POST', `/imports/${id}/pause`],
      ['POST', `/imports/${id}/resume`],
      ['POST', `/imports/${id}/parts`, { hashes: [hash] }],
    ] as const) {
      const reply = await other.call(path, { method, ...(json ? { json } : {}) });
      expect([path, reply.status, reply.body.code]).toEqual([path, 404, 'not_found']);
    }
    expect((await other.call('/imports')).body.imports).toEqual([]);
    const theirs = await other.call('/imports', { json: { source: 'folder', hash } });
    expect([theirs.status, theirs.body.code]).toEqual([404, 'archive_not_found']);
  });

  it.each([
    {},
    { source: 'takeout' },
    { source: 'icloud', hash: 'ab'.repeat(32) },
    { source: 'takeout', hash: 'ab' },
    { source: 'takeout', hashes: [] },
    { source: 'takeout', hash: 'ab'.repeat(32), path: 'a.zip' },
    { source: 'takeout', hashes: Array(201).fill('ab'.repeat(32)) },
  ])('%j is not an import', async (json) => {
    expect(await node.user().call('/imports', { json })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });
});
