import { describe, expect, test } from '@jest/globals';
import { followImport as follow, hasEnded, NetworkError, uploadPhoto } from '../src/index.js';
import { addArchive, addImport } from '../src/testing/index.js';
import { sha256, signedIn, somePhoto } from './helpers.js';

const entry = (path: string) => ({
  path,
  archive: 'takeout-001.zip',
  sizeBytes: 1,
  outcome: 'imported' as const,
  code: null,
  message: null,
  photoId: crypto.randomUUID(),
  sidecar: null,
  sidecarRule: null,
  partOf: null,
  albums: [],
  capturedAt: null,
  dateSource: 'none' as const,
});

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString();
}

describe('archives', () => {
  test('an archive is uploaded like a photo and becomes none', async () => {
    const { client, node } = await signedIn();
    const archive = { ...(await somePhoto()), mimeType: 'application/zip', fileName: 'takeout-001.zip' };
    const first = await uploadPhoto(client, archive);
    expect(first).toMatchObject({ outcome: 'uploaded' });
    expect(await uploadPhoto(client, archive)).toMatchObject({ outcome: 'existing', photoId: first.photoId });
    expect(node.state.photos.size).toBe(0);
    const { archives } = await client.listArchives();
    expect(archives).toMatchObject([{ hash: archive.hash, fileName: 'takeout-001.zip', importIds: [] }]);
  });
});

describe('following an import', () => {
  test('continues through pauses and outages until the end', async () => {
    const { client, node } = await signedIn();
    const { job, steps } = addImport(node.state);
    steps.splice(
      0,
      steps.length,
      { status: 'running', processed: 1 },
      { paused: { reason: 'storage_full', message: 'no room' } },
      { paused: undefined, processed: 2 },
      { status: 'completed', processed: 3 },
    );
    // More failures than a single question survives.
    node.fail({ on: `GET /imports/${job.id}`, effect: { status: 503 }, after: 2, times: 12 });
    const troubles: unknown[] = [];
    const seen = [];
    for await (const { processed, paused, status } of followImport(client, job.id, troubles))
      seen.push([status, processed, paused?.reason]);
    expect(seen).toEqual([
      ['running', 1, undefined],
      ['running', 1, 'storage_full'],
      ['running', 2, undefined],
      ['completed', 3, undefined],
    ]);
    expect(troubles.length).toBeGreaterThan(1);
  });

  test('an import that is not there ends it at once, and so does an abort', async () => {
    const { client, node } = await signedIn();
    const missing = followImport(client, crypto.randomUUID(), []);
    await expect(missing.next()).rejects.toMatchObject({ code: 'not_found' });
    const { job, steps } = addImport(node.state);
    steps.splice(0, steps.length, { status: 'running' });
    const controller = new AbortController();
    const following = followImport(client, job.id, [], controller.signal);
    await following.next();
    controller.abort(new Error('enough'));
    await expect(following.next()).rejects.toThrow('enough');
    expect(job.status).toBe('running');
  });

  test('a node that stays away ends it', async () => {
    const { client, node } = await signedIn();
    const { job } = addImport(node.state);
    await node.close();
    await expect(followImport(client, job.id, [], undefined, 0).next()).rejects.toThrow(NetworkError);
  });

  function followImport(
    client: Awaited<ReturnType<typeof signedIn>>['client'],
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
    const { client, node } = await signedIn();
    const { hash } = addArchive(node.state, {
      hash: sha256(Buffer.from('a')),
      fileName: 'a.zip',
      sizeBytes: 9,
    });
    const params = { id: addImport(node.state).job.id };
    for (const action of ['pause', 'resume', 'parts'])
      node.fail({ on: `POST /imports/${params.id}/${action}`, effect: { status: 503 } });
    expect((await client.pauseImport({ params })).paused?.reason).toBe('user');
    expect((await client.resumeImport({ params })).paused).toBeUndefined();
    for (const _time of [1, 2])
      expect((await client.addImportParts({ params, body: { hashes: [hash] } })).parts).toHaveLength(1);
    await client.cancelImport({ params });
    expect(hasEnded(await client.getImport({ params }))).toBe(true);
    await expect(client.pauseImport({ params })).rejects.toMatchObject({ code: 'import_ended' });
  });

  test('an import whose response was lost is not made twice', async () => {
    const { client, node } = await signedIn();
    node.state.importPaths.add('a.zip');
    node.fail({ on: 'POST /imports', effect: { status: 502 } });
    await client.createImport({ body: { source: 'takeout', path: 'a.zip' } });
    expect(node.count('POST /imports')).toBe(2);
    expect(node.state.imports.size).toBe(1);
  });
});

describe('the report', () => {
  test('arrives piece by piece, as JSON or CSV', async () => {
    const { client, node } = await signedIn();
    const { job, entries } = addImport(node.state);
    entries.push(...Array.from({ length: 3000 }, (_, number) => entry(`${number}.jpg`)));
    const params = { id: job.id };
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
    expect(csv.split('\r\n')).toHaveLength(3001);
  });

  test('one that is cut off is an error, never a shorter report', async () => {
    const { client, node } = await signedIn();
    const { job, entries } = addImport(node.state);
    entries.push(...Array.from({ length: 300 }, (_, number) => entry(`${number}.jpg`)));
    node.fail({ on: `GET /imports/${job.id}/report`, effect: { cutAfterBytes: 20_000 } });
    const pieces = await client.openImportReport({ params: { id: job.id } });
    await expect(textOf(pieces)).rejects.toThrow(NetworkError);
    await expect(client.openImportReport({ params: { id: crypto.randomUUID() } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('an abort ends it with its reason', async () => {
    const { client, node } = await signedIn();
    const { job, entries } = addImport(node.state);
    entries.push(...Array.from({ length: 30_000 }, (_, number) => entry(`${number}.jpg`)));
    const controller = new AbortController();
    const pieces = await client.openImportReport({ params: { id: job.id } }, { signal: controller.signal });
    const reading = (async () => {
      for await (const _piece of pieces) controller.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
  });
});
