import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { startUpload, type UploadNode } from '../harness.js';
import { rawZip } from '../zip/raw-zip.js';
import { ended, originalsOf, photo, reportOf, sendArchive, sidecar, startImport, zipOf } from './archives.js';

const YEAR = 'Takeout/Google Photos/Photos from 2015';
const UNIX = 3;
const SYMBOLIC_LINK = 0o120777;

describeWithPostgres('an archive that means harm, or is damaged', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('gives each bad file its error, and the good ones are imported', async () => {
    const user = node.user();
    const content = photo('content');
    const archive = rawZip([
      { name: `${YEAR}/good.jpg`, content: photo('good') },
      { name: '../../etc/passwd.jpg', content },
      { name: '/absolute.jpg', content },
      { name: 'C:\\windows\\system.jpg', content },
      { name: `${YEAR}/CON.jpg`, content },
      { name: `${YEAR}/link.jpg`, content, madeBy: UNIX, mode: SYMBOLIC_LINK },
      { name: `${YEAR}/secret.jpg`, content, flags: 1 },
      { name: `${YEAR}/wrong.jpg`, content, crc: 1 },
      { name: `${YEAR}/empty.jpg`, content: Buffer.alloc(0) },
      { name: `${YEAR}/text.jpg`, content: Buffer.from('no photo at all') },
      { name: `${YEAR}/large.jpg`, content: photo('large', 100_001) },
      { name: `${YEAR}/same.jpg`, content: photo('same name, first') },
      { name: `${YEAR}/same.jpg`, content: photo('same name, second') },
    ]);
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, Buffer.from(archive)),
    });
    const job = await ended(user, id);
    expect(job).toMatchObject({ status: 'completed', total: 13, imported: 3, failed: 10 });
    const { body } = await user.call(`/imports/${id}/report`);
    expect(
      body.entries.map(({ outcome, code }: { outcome: string; code: string }) => code ?? outcome),
    ).toEqual([
      'imported',
      'unsafe_path',
      'unsafe_path',
      'unsafe_path',
      'unsafe_path',
      'unsafe_type',
      'encrypted',
      'crc_mismatch',
      'empty_file',
      'unsupported_media_type',
      'payload_too_large',
      'imported',
      'imported',
    ]);
    expect(job.errors).toHaveLength(10);
    for (const { message } of job.errors) expect(message).toMatch(/^[A-Z].*\.$/);
    expect(await originalsOf(node, user)).toHaveLength(3);
    expect(await node.ground.stagedUploads()).toEqual([]);
  });

  it('keeps names that are in no encoding, and facts with characters that cannot be stored', async () => {
    const user = node.user();
    const archive = rawZip([
      { name: Buffer.from([0xff, 0xfe, 0x2e, 0x6a, 0x70, 0x67]), content: photo('odd name') },
      { name: `${YEAR}/a.jpg`, content: photo('facts') },
      {
        name: `${YEAR}/a.jpg.json`,
        content: Buffer.from(
          JSON.stringify(sidecar('a\u0000.jpg', '2015-07-01T10:00:00Z', { description: 'a\u0000b\ud800c' })),
        ),
      },
    ]);
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, Buffer.from(archive)),
    });
    expect(await ended(user, id)).toMatchObject({ status: 'completed', imported: 2, sidecars: 1 });
    const [description] = node.catalog.described
      .flatMap(({ photos }) => photos)
      .flatMap(({ edits }) => edits.description ?? [])
      .slice(-1);
    expect(description).toBe(description?.toWellFormed());
    expect(description).not.toContain('\0');
  });

  it('with files that overlap is refused as a whole', async () => {
    const user = node.user();
    const archive = rawZip([
      { name: `${YEAR}/a.jpg`, content: photo('a') },
      { name: `${YEAR}/b.jpg`, content: photo('a'), offset: 0 },
    ]);
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, Buffer.from(archive)),
    });
    expect(await ended(user, id)).toMatchObject({
      status: 'failed',
      total: 0,
      parts: [{ state: 'failed', code: 'overlapping_entries' }],
    });
    expect(await originalsOf(node, user)).toEqual([]);
  });

  it('with a sidecar that is too large, broken, or no JSON at all loses only that', async () => {
    const user = node.user();
    const files = {
      [`${YEAR}/a.jpg`]: photo('large sidecar'),
      [`${YEAR}/a.jpg.json`]: JSON.stringify(
        sidecar('a.jpg', '2015-07-01T10:00:00Z', { filler: 'x'.repeat(1_100_000) }),
      ),
      [`${YEAR}/b.jpg`]: photo('broken sidecar'),
      [`${YEAR}/b.jpg.json`]: '{"title": "b.jpg", "photoTakenTime":',
      [`${YEAR}/c.jpg.json`]: sidecar('c.jpg', '2015-07-01T10:00:00Z'),
    };
    const id = await startImport(user, {
      source: 'takeout',
      hash: await sendArchive(user, await zipOf(files)),
    });
    expect(await ended(user, id)).toMatchObject({ imported: 2, failed: 1, ignored: 2, sidecars: 0 });
    const report = await reportOf(user, id);
    expect(report[`${YEAR}/a.jpg.json`]).toMatchObject({ outcome: 'failed', code: 'sidecar_too_large' });
    expect(report[`${YEAR}/b.jpg.json`]).toMatchObject({ outcome: 'ignored', code: 'not_a_sidecar' });
    expect(report[`${YEAR}/c.jpg.json`]).toMatchObject({ outcome: 'ignored', code: 'sidecar_without_photo' });
  });
});
