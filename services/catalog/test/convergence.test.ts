import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Album, Photo } from '@lazyphotos/contracts';
import { describeWithPostgres, eventually } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { eventOf, imported, newUpload, readyResult, type Upload } from './facts.js';
import { fold } from './fold.js';
import { type CatalogNode, startCatalog } from './harness.js';

const PHOTOS = 5;
const ALBUMS = 3;
const photo = fc.nat(PHOTOS - 1);
const album = fc.nat(ALBUMS - 1);
const photos = fc.uniqueArray(photo, { minLength: 1, maxLength: 3 });

const LOCATION = { locationLat: 52.5, locationLon: 13.4 };
const patch: fc.Arbitrary<object> = fc.record(
  {
    description: fc.constantFrom('a', 'b', null),
    favorite: fc.boolean(),
    addTags: fc.constantFrom(['a'], ['b', 'A']),
    updatedAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  },
  { requiredKeys: [] },
);
const located = fc
  .tuple(patch, fc.boolean())
  .map(([fields, isLocated]) => (isLocated ? { ...fields, ...LOCATION } : fields));

type Step =
  | { kind: 'upload' | 'trash' | 'restore' | 'purge' | 'emptyTrash'; photo: number }
  | { kind: 'media'; photo: number; run: number }
  | { kind: 'trashAll' | 'restoreAll' | 'purgeAll'; photos: number[] }
  | { kind: 'edit'; photos: number[]; patch: object }
  | { kind: 'describe'; photos: number[]; albums: number[]; trashed: boolean; favorite: boolean }
  | { kind: 'place'; photo: number }
  | { kind: 'emptyOnRequest' }
  | { kind: 'add'; album: number; photos: number[] }
  | { kind: 'remove' | 'cover'; album: number; photo: number }
  | { kind: 'rename' | 'deleteAlbum'; album: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('trash' as const, 'restore' as const), photo }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), album, photos }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('purge' as const, 'upload' as const), photo }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('emptyTrash' as const), photo }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('media' as const), photo, run: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('trashAll' as const, 'restoreAll' as const), photos }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purgeAll' as const), photos }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), photos, patch: located }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('describe' as const),
      photos,
      albums: fc.uniqueArray(album, { maxLength: ALBUMS }),
      trashed: fc.boolean(),
      favorite: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('place' as const), photo }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('emptyOnRequest' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'cover' as const), album, photo }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('rename' as const, 'deleteAlbum' as const), album }),
  },
);
/** Steps of one group run at the same time. */
const groups = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

interface World {
  node: CatalogNode;
  user: ReturnType<CatalogNode['user']>;
  uploads: Upload[];
  albums: string[];
}

async function createWorld(node: CatalogNode): Promise<World> {
  const user = node.user();
  const uploads = Array.from({ length: PHOTOS }, () => newUpload(user.id));
  // The last one is not there yet: it comes with a step, if at all.
  for (const upload of uploads.slice(0, -1)) await node.service.api.recordUpload(upload);
  const albums: string[] = [];
  for (let n = 0; n < ALBUMS; n += 1) albums.push(await user.addAlbum(`album ${n}`));
  return { node, user, uploads, albums };
}

async function request({ user, uploads, albums }: World, step: Step) {
  const upload = 'photo' in step ? uploads[step.photo] : undefined;
  const photoId = upload?.photoId ?? '';
  const photoIds = 'photos' in step ? step.photos.map((index) => uploads[index]?.photoId ?? '') : [];
  const albumId = ('album' in step ? albums[step.album] : undefined) ?? '';
  switch (step.kind) {
    case 'trash':
      return user.trash(photoId);
    case 'restore':
      return user.restore(photoId);
    case 'purge':
      return user.purge(photoId);
    case 'add':
      return user.addItems(albumId, photoIds);
    case 'trashAll':
      return user.deleteAll(photoIds);
    case 'purgeAll':
      return user.deleteAll(photoIds, { permanent: true });
    case 'restoreAll':
      return user.restoreAll(photoIds);
    case 'edit':
      return user.editAll(photoIds.map((id) => ({ id, ...step.patch })));
    case 'emptyOnRequest':
      return user.emptyTrash();
    case 'remove':
      return user.removeItem(albumId, photoId);
    case 'cover':
      return user.send('PUT', `/albums/${albumId}`, { coverPhotoId: photoId });
    case 'rename':
      return user.send('PUT', `/albums/${albumId}`, { name: `renamed ${step.album}` });
    case 'deleteAlbum':
      return user.send('DELETE', `/albums/${albumId}`);
    default:
      return undefined;
  }
}

async function run(world: World, step: Step): Promise<void> {
  const { node, uploads } = world;
  if (step.kind === 'upload')
    return node.service.api.recordUpload(uploads[step.photo] ?? newUpload(world.user.id));
  if (step.kind === 'emptyTrash') {
    await node.service.purgeTrash();
    return;
  }
  if (step.kind === 'media') {
    const upload = uploads[step.photo] ?? newUpload(world.user.id);
    return node.deliver(
      eventOf('media.processed', readyResult(upload, { run: step.run, cameraModel: `run ${step.run}` })),
    );
  }
  if (step.kind === 'place') {
    const { photoId, userId } = uploads[step.photo] ?? newUpload(world.user.id);
    return node.deliver(eventOf('place.found', { photoId, userId, ...LOCATION, place: { city: 'Berlin' } }));
  }
  if (step.kind === 'describe') {
    const albumIds = step.albums.map((index) => world.albums[index] ?? '');
    await node.service.api.describeImported({
      userId: world.user.id,
      newAlbums: albumIds.map((id) => ({ id, name: 'imported' })),
      photos: step.photos.map((index) =>
        imported(uploads[index]?.photoId ?? '', {
          date: { capturedAt: '2019-01-01T00:00:00Z', source: 'sidecar' },
          edits: step.favorite ? { favorite: true } : {},
          trashed: step.trashed,
          albumIds,
        }),
      ),
    });
    return;
  }
  const reply = await request(world, step);
  expect([200, 202, 204, 404]).toContain(reply?.status);
}

/** The stored counts are the counted ones. */
async function expectExactCounts({ node, user }: World): Promise<void> {
  const { rows } = await node.pool.query(
    `SELECT a.id, a.item_count AS kept, count(p.id)::int AS counted FROM albums a
       LEFT JOIN album_items i ON i.album_id = a.id LEFT JOIN photos p ON p.id = i.photo_id AND NOT p.is_deleted
     WHERE a.user_id = $1 GROUP BY a.id`,
    [user.id],
  );
  expect(rows.map((row) => ({ id: row.id, count: row.kept }))).toEqual(
    rows.map((row) => ({ id: row.id, count: row.counted })),
  );
}

const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);

/** The state that follows from the events is what the catalog returns. */
async function expectFoldedState({ node, user }: World): Promise<void> {
  await eventually(async () => expect((await user.trashState()).body.emptying).toBe(false));
  const folded = fold(await node.eventsOf(user.id));
  const active: Photo[] = (await user.list('?limit=500')).body.photos;
  const records = active.map(({ thumbnails, ...record }) => record);
  expect(JSON.parse(JSON.stringify(folded.active.sort(byId)))).toEqual(records.sort(byId));
  expect(folded.trashed.sort()).toEqual((await user.listedIds('?limit=500&trashed=true')).sort());
  const listed: Album[] = (await user.call('/albums?limit=500')).body.albums;
  const albums = listed.map(({ cover: _shown, ...album }) => album);
  expect(folded.albums.sort(byId)).toEqual(albums.sort(byId));
  for (const { id, itemCount } of albums) {
    const members = await user.itemIds(id);
    expect(folded.membersOf(id)).toEqual(new Set(members));
    expect(itemCount).toBe(members.length);
  }
}

describeWithPostgres('concurrent changes', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    // Every photo in the trash is overdue at once, so that retention takes part.
    node = await startCatalog({ trashDays: 0, poolSize: 12 });
  });
  afterAll(() => node.stop());

  it("albums count exactly, and the catalog's state follows from its events", async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (plan) => {
        const world = await createWorld(node);
        for (const group of plan) {
          await Promise.all(group.map((item) => run(world, item)));
          await expectExactCounts(world);
        }
        await expectFoldedState(world);
        expect(node.failures).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
