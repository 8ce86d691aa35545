import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  describeWithPostgres,
  eventually,
  type HttpReply,
  http,
  ownSamplePhotos,
  type SamplePhoto,
} from '@lazyphotos/testkit';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { claim, createPhone, type Phone, password, signIn } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import {
  type Files,
  importEnded,
  readImport,
  reportOf,
  sendArchives,
  settledPhotos,
  sidecar,
  startImport,
  writeArchive,
} from './support/imports.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

const PHOTOS = 60;
/** The node is killed as soon as the library has so many photos: at random moments, the same in each run. */
const SEED = 20_151_206;
const KILLS = (
  fc.sample(fc.uniqueArray(fc.integer({ min: 0, max: PHOTOS - 5 }), { minLength: 3, maxLength: 3 }), {
    seed: SEED,
    numRuns: 1,
  })[0] ?? []
).sort((a, b) => a - b);
const ROOT = 'Takeout/Google Photos';
const ANNA = 'anna@example.org';
/** So that little happens between two looks. */
const CLOSELY = { intervalMs: 5 };

/** Photos with and without JSON, some in an album as well, some in the trash, and a file that is none. */
async function library(photos: readonly SamplePhoto[]): Promise<Files> {
  const files: Files = { [`${ROOT}/Trip/metadata.json`]: { title: 'Trip' } };
  const inAlbum: Files = {};
  for (const [number, { name, path }] of photos.entries()) {
    const bytes = await readFile(path);
    files[`${ROOT}/Photos from 2015/${name}`] = bytes;
    if (number % 3 > 0) {
      const taken = new Date(Date.UTC(2015, 0, 1 + number)).toISOString();
      const more = { description: `number ${number}`, trashed: number % 20 === 10 };
      files[`${ROOT}/Photos from 2015/${name}.json`] = sidecar(name, taken, more);
    }
    if (number % 6 === 0) inAlbum[`${ROOT}/Trip/${name}`] = bytes;
  }
  return { ...files, [`${ROOT}/Photos from 2015/broken.jpg`]: Buffer.from('no photo'), ...inAlbum };
}

/** What tells one photo's end state from another's; ids and times of this library aside. */
const stateOf = (photo: HttpReply['body']) => {
  const { hash, fileName, capturedAt, capturedAtSource, description, processing, isDeleted, width } = photo;
  return { hash, fileName, capturedAt, capturedAtSource, description, processing, isDeleted, width };
};

const byHash = (a: { hash: string }, b: { hash: string }) => (a.hash < b.hash ? -1 : 1);

/** All that an import has brought to an account that was empty. */
async function endState(phone: Phone, importId: string) {
  const photos = (await settledPhotos(phone)).sort(byHash);
  const { body } = await phone.call('/albums');
  const albums = await Promise.all(
    body.albums.map(async ({ id, name, itemCount }: { id: string; name: string; itemCount: number }) => {
      const { items } = (await phone.call(`/albums/${id}/items?limit=100`)).body;
      return { name, itemCount, hashes: items.map(({ hash }: { hash: string }) => hash).sort() };
    }),
  );
  const limit = pLimit(4);
  const originals = await Promise.all(
    photos.map(({ id }) =>
      limit(async () => {
        const { url } = (await phone.call(`/photos/${id}/download?size=original`)).body;
        return createHash('sha256')
          .update((await http(url)).bytes)
          .digest('hex');
      }),
    ),
  );
  const { total, imported, duplicates, failed, unsupported, sidecars, ignored, bytesProcessed } =
    await readImport(phone, importId);
  const report = Object.values(await reportOf(phone, importId)).map(({ photoId, ...entry }) => entry);
  return {
    photos: photos.map(stateOf),
    originals,
    albums,
    counters: { total, imported, duplicates, failed, unsupported, sidecars, ignored, bytesProcessed },
    report,
  };
}

describeWithPostgres('an import of a node that is killed', () => {
  let folder: NodeFolder;
  let node: NodeProcess;
  let photos: SamplePhoto[];
  let archive: SamplePhoto;
  let anna: Phone;

  const start = () => folder.start({ LAZYPHOTOS_REGISTRATION: 'open' });
  /** The timelines count them, which costs the node less than lists. */
  const countPhotos = async (): Promise<number> => {
    const replies = await Promise.all(
      ['', '?trashed=true'].map((more) => anna.call(`/photos/timeline${more}`)),
    );
    const months: { count: number }[] = replies.flatMap(({ body }) => body.months);
    return months.reduce((sum, { count }) => sum + count, 0);
  };

  beforeAll(async () => {
    folder = await createNodeFolder();
    node = await start();
    anna = await claim(node.url, node.claimCode(), ANNA);
    photos = await distinctPhotos(folder.path, PHOTOS, { collection: ownSamplePhotos() });
    archive = await writeArchive(folder.path, 'takeout.zip', await library(photos));
  });
  afterAll(() => folder?.remove());

  test('continues each time, and ends like an undisturbed import', async () => {
    const json = { source: 'takeout', hashes: await sendArchives(anna, [archive]) };
    const killed = await startImport(anna, json);
    const statuses: string[] = [];
    for (const count of KILLS) {
      await eventually(async () => {
        const { status } = await readImport(anna, killed);
        const brought = await countPhotos();
        if (brought < count && status !== 'completed') throw new Error(`${brought} photos`);
      }, CLOSELY);
      statuses.push((await readImport(anna, killed)).status);
      await node.stop('SIGKILL');
      node = await start();
      anna = await signIn(node.url, ANNA);
    }
    expect(statuses).not.toContain('completed');
    expect(await importEnded(anna, killed)).toMatchObject({ status: 'completed', imported: PHOTOS });

    const account = { email: 'ben@example.org', password };
    const { body } = await http(`${node.url}/auth/register`, { json: account });
    const ben = createPhone(node.url, body.accessToken);
    await sendArchives(ben, [archive]);
    const undisturbed = await startImport(ben, json);
    await importEnded(ben, undisturbed);

    const expected = await endState(ben, undisturbed);
    expect(await endState(anna, killed)).toEqual(expected);
    expect(expected.originals).toEqual(photos.map(({ sha256 }) => sha256).sort());
    expect(expected.albums).toMatchObject([{ name: 'Trip', itemCount: 10 }]);
    expect(expected.photos.filter(({ isDeleted }) => isDeleted)).toHaveLength(2);
  });
});
