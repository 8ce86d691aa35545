import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithPostgres, http, ownSamplePhotos, type SamplePhoto } from '@lazyphotos/testkit';
import { claim, createPhone, type Phone, password } from './support/api.js';
import { createNodeFolder, type NodeFolder, repository } from './support/node-process.js';

/** What each door is asked with: one phone's photos and the album that all of them are in. */
interface Library {
  phone: Phone;
  albumId: string;
}
type Kind = 'active' | 'archived' | 'trashed' | 'foreign';
interface Door {
  name: string;
  /** The ids of the photos that the door shows. */
  shows(library: Library, ids: string[]): Promise<string[]>;
  /** The kinds that it has to show; it shows no other. */
  kinds: Kind[];
}

const idsIn = (list: { id: string }[]): string[] => list.map(({ id }) => id);

/** The photos of a list, which has to work. */
const listed =
  (path: string | ((library: Library) => string), of = 'photos') =>
  async (library: Library): Promise<string[]> => {
    const { status, body, text } = await library.phone.call(typeof path === 'string' ? path : path(library));
    if (status !== 200) throw new Error(`${path}: ${text}`);
    return idsIn(body[of]);
  };

/** Those photos of which a call by id knows; of others it must know nothing at all. */
const byId =
  (path: (id: string) => string, options: { method?: string; json?: unknown } = {}) =>
  async ({ phone }: Library, ids: string[]): Promise<string[]> => {
    const known: string[] = [];
    for (const id of ids) {
      const { status, body, text } = await phone.call(path(id), options);
      if (status < 300) known.push(id);
      else if (body?.code !== 'not_found') throw new Error(`${path(id)}: ${text}`);
    }
    return known;
  };

/** Counts of a timeline say how many, not which: as many photos as ids that are given for them. */
const months = (filter: string) => async (library: Library) => {
  const { body } = await library.phone.call(`/photos/timeline?${filter}`);
  const count = body.months.reduce((sum: number, month: { count: number }) => sum + month.count, 0);
  const shown = await listed(`/photos?${filter}`)(library);
  expect(count).toBe(shown.length);
  return shown;
};

const OWN: Kind[] = ['active', 'archived', 'trashed'];
const SHOWN: Kind[] = ['active', 'archived'];

const doors: Door[] = [
  { name: 'a photo', kinds: OWN, shows: byId((id) => `/photos/${id}`) },
  { name: 'a download', kinds: OWN, shows: byId((id) => `/photos/${id}/download?size=original`) },
  { name: 'the list', kinds: SHOWN, shows: listed('/photos') },
  { name: 'the list by upload', kinds: SHOWN, shows: listed('/photos?sort=uploadedAt') },
  { name: 'the list from a time on', kinds: SHOWN, shows: listed('/photos?from=1900-01-01T00:00:00Z') },
  { name: 'the archive', kinds: ['archived'], shows: listed('/photos?archived=true') },
  { name: 'what is not archived', kinds: ['active'], shows: listed('/photos?archived=false') },
  { name: 'favourites', kinds: SHOWN, shows: listed('/photos?favorite=true') },
  { name: 'a tag', kinds: SHOWN, shows: listed('/photos?tag=DOOR') },
  { name: 'the trash', kinds: ['trashed'], shows: listed('/photos?trashed=true') },
  { name: 'the trash by tag', kinds: ['trashed'], shows: listed('/photos?trashed=true&tag=door') },
  {
    name: 'an album in the list',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/photos?albumId=${albumId}`),
  },
  {
    name: 'a tag in an album',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/photos?albumId=${albumId}&tag=door`),
  },
  {
    name: 'the items of an album',
    kinds: SHOWN,
    shows: listed(({ albumId }) => `/albums/${albumId}/items`, 'items'),
  },
  { name: 'the timeline', kinds: SHOWN, shows: months('') },
  { name: 'the timeline of a tag', kinds: SHOWN, shows: months('tag=door') },
  { name: 'the timeline of the trash', kinds: ['trashed'], shows: months('trashed=true') },
  { name: 'a search', kinds: SHOWN, shows: listed('/search?q=door') },
  { name: 'a search by tag', kinds: SHOWN, shows: listed('/search?tag=door') },
  {
    name: 'the feed',
    kinds: SHOWN,
    shows: async ({ phone }) =>
      idsIn((await phone.feed()).items.filter(({ type }) => type === 'photo').map(({ data }) => data)),
  },
  {
    name: 'albums in the feed',
    kinds: SHOWN,
    shows: async ({ phone }) =>
      (await phone.feed()).items.filter(({ type }) => type === 'album').flatMap(({ data }) => data.photoIds),
  },
  {
    name: 'the cover of an album',
    kinds: ['archived'],
    shows: async ({ phone, albumId }) => [(await phone.call(`/albums/${albumId}`)).body.cover.photoId],
  },
  {
    name: 'an edit of many',
    kinds: OWN,
    shows: async ({ phone }, ids) => {
      const updates = ids.map((id) => ({ id, description: 'seen' }));
      const { body } = await phone.call('/photos/metadata/batch', { method: 'POST', json: { updates } });
      return body.results
        .filter((result: { status: string }) => result.status !== 'not_found')
        .map((result: { id: string }) => result.id);
    },
  },
];

describeWithPostgres('every door of a node', () => {
  let folder: NodeFolder;
  let library: Library;
  const photos: Record<Kind, string> = { active: '', archived: '', trashed: '', foreign: '' };

  beforeAll(async () => {
    folder = await createNodeFolder();
    const node = await folder.start({ LAZYPHOTOS_REGISTRATION: 'open' });
    const phone = await claim(node.url, node.claimCode(), 'anna@example.org');
    const json = { email: 'bert@example.org', password };
    const stranger = createPhone(
      node.url,
      (await http(`${node.url}/auth/register`, { json })).body.accessToken,
    );
    const samples = ownSamplePhotos();
    const files = ['good/jpeg', 'good/png', 'good/webp'].flatMap((kind) => samples.folder(kind));
    const owners: [Kind, Phone][] = [
      ['active', phone],
      ['archived', phone],
      ['trashed', phone],
      ['foreign', stranger],
    ];
    for (const [index, [kind, owner]] of owners.entries()) {
      photos[kind] = (await owner.upload(files[index] as SamplePhoto)).body.photoId;
      await owner.processed(photos[kind]);
      const edit = await owner.call(`/photos/${photos[kind]}/metadata`, {
        method: 'POST',
        json: { tags: ['Door'], favorite: true, archived: kind === 'archived' },
      });
      expect(edit.status).toBe(200);
    }
    const album = await phone.call('/albums', { json: { name: 'All', coverPhotoId: photos.trashed } });
    const albumId = album.body.id;
    for (const kind of OWN) await phone.call(`/albums/${albumId}/items`, { json: { photoId: photos[kind] } });
    // The archived photo comes first, for the cover.
    await phone.call(`/albums/${albumId}`, { method: 'PUT', json: { order: 'manual' } });
    await phone.call(`/albums/${albumId}/items/${photos.archived}`, { method: 'PUT', json: { after: null } });
    await phone.call(`/photos/${photos.trashed}`, { method: 'DELETE' });
    library = { phone, albumId };
  });
  afterAll(() => folder?.remove());

  test.each(doors.map((door) => [door.name, door] as const))('%s shows what it may', async (_name, door) => {
    const shown = await door.shows(library, Object.values(photos));
    const kinds = shown.map((id) => Object.entries(photos).find(([, photo]) => photo === id)?.[0]);
    expect(kinds.sort()).toEqual([...door.kinds].sort());
  });
});

describe('the modules of the catalog', () => {
  /** Modules that may speak of the trash: the policy itself, what moves photos in and out, and what copies the fact. */
  const allowed = [
    'visibility.ts',
    'trash/',
    'photos/record.ts',
    // Only whether the day of the purge has to be looked up.
    'photos/view.ts',
    'albums/record.ts',
    // Items in the trash keep their places, and an item that leaves says itself whether it was shown.
    'albums/positions.ts',
    'albums/items.ts',
  ];

  test('leave it to one of them which photos a door shows', async () => {
    const source = join(repository, 'services/catalog/src');
    const files = (await readdir(source, { recursive: true })).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('generated'),
    );
    expect(files).toContain('visibility.ts');
    const speaking: string[] = [];
    for (const name of files)
      if (/isDeleted|is_deleted/.test(await readFile(join(source, name), 'utf8'))) speaking.push(name);
    expect(speaking.filter((name) => !allowed.some((entry) => name.startsWith(entry)))).toEqual([]);
    // An entry that nothing needs any more goes.
    for (const entry of allowed) expect(speaking.some((name) => name.startsWith(entry))).toBe(true);
  });
});
