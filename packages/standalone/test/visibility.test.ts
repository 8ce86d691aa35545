import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  describeWithPostgres,
  http,
  ownSamplePhotos,
  repository,
  type SamplePhoto,
} from '@lazyphotos/testkit';
import { claim, createPhone, type Phone, password } from './support/api.js';
import { doors, type Kind, type Library, OWN } from './support/doors.js';
import { type ForeignImport, foreignImport, importAgain, importDoors } from './support/import-doors.js';
import { readImport } from './support/imports.js';
import { createNodeFolder, type NodeFolder } from './support/node-process.js';

describeWithPostgres('every door of a node', () => {
  let folder: NodeFolder;
  let library: Library;
  let foreign: ForeignImport;

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
    const uploaded: Partial<Library['photos']> = {};
    for (const [index, [kind, owner]] of owners.entries()) {
      const file = files[index] as SamplePhoto;
      const id = (await owner.upload(file)).body.photoId;
      await owner.processed(id);
      const edit = await owner.call(`/photos/${id}/metadata`, {
        method: 'POST',
        json: { tags: ['Door'], favorite: true, archived: kind === 'archived' },
      });
      expect(edit.status).toBe(200);
      uploaded[kind] = { id, fileName: basename(file.name) };
    }
    const photos = uploaded as Library['photos'];
    const { archived, trashed } = photos;
    const album = await phone.call('/albums', { json: { name: 'All', coverPhotoId: trashed.id } });
    const albumId = album.body.id;
    for (const kind of OWN)
      await phone.call(`/albums/${albumId}/items`, { json: { photoId: photos[kind].id } });
    // The archived photo comes first, for the cover.
    await phone.call(`/albums/${albumId}`, { method: 'PUT', json: { order: 'manual' } });
    await phone.call(`/albums/${albumId}/items/${archived.id}`, { method: 'PUT', json: { after: null } });
    await phone.call(`/photos/${trashed.id}`, { method: 'DELETE' });
    const link = await phone.call('/share-links', { json: { albumId, showLocation: true } });
    const importId = await importAgain(folder.path, phone, files.slice(0, OWN.length));
    library = { url: node.url, phone, albumId, shareToken: link.body.token, importId, photos };
    foreign = await foreignImport(folder.path, stranger, files[OWN.length] as SamplePhoto);
  });
  afterAll(() => folder?.remove());

  test.each(doors.map((door) => [door.name, door] as const))('%s shows what it may', async (_name, door) => {
    const photos = Object.entries(library.photos);
    const shown = await door.shows(
      library,
      photos.map(([, { id }]) => id),
    );
    const kinds = shown.map((id) => photos.find(([, photo]) => photo.id === id)?.[0]);
    expect(kinds.sort()).toEqual([...door.kinds].sort());
  });

  test.each(importDoors.map((door) => [door.name, door] as const))(
    '%s of another user is none',
    async (_name, door) => {
      const { status, body } = await door.ask(library, foreign);
      expect({ status, code: body?.code }).toEqual({ status: 404, code: door.code });
    },
  );

  test('no list has an import or an archive of another user, who still has both', async () => {
    const listed = async (phone: Phone) => ({
      imports: (await phone.call('/imports')).body.imports.map(({ id }: { id: string }) => id),
      archives: (await phone.call('/archives')).body.archives.map(({ id }: { id: string }) => id),
    });
    const own = await listed(library.phone);
    expect(own.imports).toContain(library.importId);
    expect(own.imports).not.toContain(foreign.importId);
    expect(own.archives).not.toContain(foreign.archiveId);
    const { importId, archiveId } = foreign;
    expect(await listed(foreign.phone)).toEqual({ imports: [importId], archives: [archiveId] });
    expect(await readImport(foreign.phone, importId)).toEqual(foreign.job);
  });

  test('the archive of another user is not known by its hash: it has to be sent', async () => {
    const { hash, sizeBytes } = foreign;
    const json = { hash, sizeBytes, mimeType: 'application/zip' };
    const { status, body } = await library.phone.call('/upload-sessions', { json });
    expect({ status, alreadyExists: body.alreadyExists }).toEqual({ status: 200, alreadyExists: false });
  });
});

describe('the modules of the catalog', () => {
  /** Modules that may speak of the trash: the policy itself, what moves photos in and out, and what copies the fact. */
  const allowed = [
    'visibility.ts',
    'trash/',
    'photos/record.ts',
    // Says that a new photo is not in it.
    'uploads/new-photo.ts',
    // Stores every field of a photo, by its name.
    'photos/save.ts',
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
