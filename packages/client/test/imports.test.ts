import { describe, expect, test } from '@jest/globals';
import { eventually, storedZip } from '@lazyphotos/testkit';
import { type Client, followImport as follow, hasEnded, NetworkError, uploadPhoto } from '../src/index.js';
import { addArchive, jpeg, signedIn, somePhoto } from './helpers.js';

/** A file that an import counts and leaves. */
const LETTER = Buffer.from('a letter');

/** An archive of so many files that are no photos. */
const lettersZip = (count: number): Buffer =>
  storedZip(Object.fromEntries(Array.from({ length: count }, (_, number) => [`${number}.txt`, LETTER])));

/** Starts an import of such an archive. */
async function addImport(client: Client, bytes: Buffer = lettersZip(1)): Promise<string> {
  const hashes = [await addArchive(client, bytes)];
  return (await client.createImport({ body: { source: 'folder', hashes } })).importJobId;
}

/** An archive whose import takes long enough to be paused. */
const photosZip = (): Buffer =>
  storedZip(Object.fromEntries(Array.from({ length: 200 }, (_, number) => [`${number}.jpg`, jpeg(100)])));

/** Starts an import that has not ended and does not end by itself. */
async function pausedImport(client: Client): Promise<string> {
  const id = await addImport(client, photosZip());
  await client.pauseImport({ params: { id } });
  return id;
}

const importEnded = (client: Client, id: string) =>
  eventually(async () => {
    const job = await client.getImport({ params: { id } });
    expect(hasEnded(job)).toBe(true);
    return job;
  });

/** An import that has ended. Resolves to its id. */
async function endedImport(client: Client, bytes?: Buffer): Promise<string> {
  const id = await addImport(client, bytes);
  await importEnded(client, id);
  return id;
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

describe('archives', () => {
  test('an archive is uploaded like a photo and becomes none', async () => {
    const { client } = await signedIn();
    const { photo: archive } = await somePhoto(lettersZip(1), 'takeout-001.zip');
    const first = await uploadPhoto(client, archive);
    expect(first).toMatchObject({ outcome: 'uploaded' });
    expect(await uploadPhoto(client, archive)).toMatchObject({ outcome: 'existing', photoId: first.photoId });
    expect((await client.listPhotos()).photos).toEqual([]);
    const { archives } = await client.listArchives();
    expect(archives).toMatchObject([{ hash: archive.hash, fileName: 'takeout-001.zip', importIds: [] }]);
  });
});

describe('following an import', () => {
  test('continues through pauses and outages until the end', async () => {
    const { client, direct, node } = await signedIn();
    const id = await endedImport(direct);
    const on = `GET /imports/${id}`;
    const before = (change: object) => (job: object) => ({
      ...job,
      status: 'running',
      finishedAt: null,
      ...change,
    });
    node.fail({ on, effect: { edit: before({ processed: 0 }) } });
    const paused = { reason: 'storage_full', message: 'no room' };
    node.fail({ on, effect: { edit: before({ processed: 0, paused }) } });
    // More failures than a single question survives.
    node.fail({ on, effect: { status: 503 }, times: 12 });
    node.fail({ on, effect: { edit: before({ processed: 1 }) } });
    const troubles: unknown[] = [];
    const seen = [];
    for await (const { processed, paused, status } of followImport(client, id, troubles))
      seen.push([status, processed, paused?.reason]);
    expect(seen).toEqual([
      ['running', 0, undefined],
      ['running', 0, 'storage_full'],
      ['running', 1, undefined],
      ['completed', 1, undefined],
    ]);
    expect(troubles.length).toBeGreaterThan(1);
  });

  test('an import that is not there ends it at once, and so does an abort', async () => {
    const { client, direct } = await signedIn();
    const missing = followImport(client, crypto.randomUUID(), []);
    await expect(missing.next()).rejects.toMatchObject({ code: 'not_found' });
    const id = await pausedImport(direct);
    const controller = new AbortController();
    const following = followImport(client, id, [], controller.signal);
    await following.next();
    controller.abort(new Error('enough'));
    await expect(following.next()).rejects.toThrow('enough');
    expect(hasEnded(await direct.getImport({ params: { id } }))).toBe(false);
  });

  test('a node that stays away ends it', async () => {
    const { client, node } = await signedIn();
    const id = await addImport(client);
    await node.close();
    await expect(followImport(client, id, [], undefined, 0).next()).rejects.toThrow(NetworkError);
  });

  function followImport(
    client: Client,
    id: string,
    troubles: unknown[],
    signal?: AbortSignal,
    giveUpAfterMs?: number,
  ) {
    return follow(client, id, {
      signal,
      pollMs: 1,
      onTrouble: (error) => troubles.push(error),
      ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
    });
  }
});

describe('changing an import', () => {
  test('pause, resume, add and cancel can be repeated, and are after an outage', async () => {
    const { client, direct, node } = await signedIn();
    const hash = await addArchive(direct, lettersZip(2), 'b.zip');
    const params = { id: await addImport(direct, photosZip()) };
    for (const action of ['pause', 'resume', 'parts'])
      node.fail({ on: `POST /imports/${params.id}/${action}`, effect: { status: 503 } });
    expect((await client.pauseImport({ params })).paused?.reason).toBe('user');
    expect((await client.resumeImport({ params })).paused).toBeUndefined();
    for (const _time of [1, 2])
      expect((await client.addImportParts({ params, body: { hashes: [hash] } })).parts).toHaveLength(2);
    await client.cancelImport({ params });
    expect(hasEnded(await client.getImport({ params }))).toBe(true);
    await expect(client.pauseImport({ params })).rejects.toMatchObject({ code: 'import_ended' });
  });

  test('an import whose response was lost is not made twice', async () => {
    const { client, direct, node } = await signedIn();
    const hashes = [await addArchive(direct, lettersZip(1))];
    node.fail({ on: 'POST /imports', effect: { status: 502 } });
    node.fail({ on: 'POST /imports', effect: { loseResponse: true } });
    const { importJobId } = await client.createImport({ body: { source: 'takeout', hashes } });
    expect(node.count('POST /imports')).toBe(3);
    const { imports } = await direct.listImports();
    expect(imports.map(({ id }) => id)).toEqual([importJobId]);
  });
});

describe('the report', () => {
  test('arrives piece by piece, as JSON or CSV', async () => {
    const { client, direct, node } = await signedIn();
    const params = { id: await endedImport(direct, lettersZip(3000)) };
    node.fail({ on: 'GET /imports', effect: { status: 503 } });
    const pieces = await client.openImportReport({ params });
    let largest = 0;
    const all: Uint8Array[] = [];
    for await (const piece of pieces) {
      largest = Math.max(largest, piece.length);
      all.push(piece);
    }
    const text = Buffer.concat(all).toString();
    expect(largest).toBeLessThan(text.length / 4);
    expect(JSON.parse(text).entries).toHaveLength(3000);
    const csv = await textOf(await client.openImportReport({ params, query: { format: 'csv' } }));
    expect(csv.trimEnd().split('\r\n')).toHaveLength(3001);
  });

  test('one that is cut off is an error, never a shorter report', async () => {
    const { client, direct, node } = await signedIn();
    const id = await endedImport(direct, lettersZip(300));
    node.fail({ on: `GET /imports/${id}/report`, effect: { cutAfterBytes: 20_000 } });
    const pieces = await client.openImportReport({ params: { id } });
    await expect(textOf(pieces)).rejects.toThrow(NetworkError);
    await expect(client.openImportReport({ params: { id: crypto.randomUUID() } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('an abort ends it with its reason', async () => {
    const { client, direct } = await signedIn();
    const id = await endedImport(direct, lettersZip(3000));
    const controller = new AbortController();
    const pieces = await client.openImportReport({ params: { id } }, { signal: controller.signal });
    const reading = (async () => {
      for await (const _piece of pieces) controller.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
  });
});
