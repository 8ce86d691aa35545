import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCopiesClient, newId, Peers } from '@lazyphotos/service-kit';
import { guardOf, identityOf } from '@lazyphotos/service-kit/testing';
import { createServiceKeys, describeWithPostgres, eventually, http } from '@lazyphotos/testkit';
import {
  createGround,
  derivedOf,
  type Ground,
  idle,
  purged,
  startWorker,
  storeOriginal,
  type Upload,
  type Worker,
} from '../harness.js';
import { temporaryFolder } from '../pipeline/support.js';
import { type Watched, watchedStore } from '../watched-store.js';
import { embedded, everyLocation, picture, tagged, withoutLocation } from './support.js';

const HOUR_MS = 3_600_000;

describeWithPostgres('requests for copies', () => {
  const folder = temporaryFolder();
  let located: Buffer;
  let ground: Ground;
  let worker: Worker;
  let watched: Watched;
  let time: number;
  beforeAll(async () => {
    ground = await createGround();
    located = await tagged(await picture('jpeg'), 'image/jpeg', folder, ...everyLocation);
  });
  beforeEach(async () => {
    watched = watchedStore();
    time = Date.now();
    worker = await startWorker({ ground, store: watched.wrap, now: () => new Date(time) });
  });
  afterEach(() => worker.stop());
  afterAll(() => ground.remove());

  const store = () => storeOriginal(ground, located);
  const makeCopy = (request: Parameters<Worker['service']['api']['makeCopy']>[0]) =>
    worker.service.api.makeCopy(request);

  /** Copies are stored only when it is open. */
  function gate() {
    const { promise, resolve } = Promise.withResolvers<void>();
    watched.beforePut = () => promise;
    return resolve;
  }

  it('make a copy once, and use it again', async () => {
    const upload = await store();
    const first = await makeCopy(withoutLocation(upload));
    expect(await makeCopy(withoutLocation(upload))).toEqual(first);
    expect(watched.puts).toEqual([first.key]);
  });

  it('make it once when they come at the same time', async () => {
    const upload = await store();
    const copies = await Promise.all(Array.from({ length: 5 }, () => makeCopy(withoutLocation(upload))));
    expect(new Set(copies.map(({ key }) => key)).size).toBe(1);
    expect(watched.puts).toHaveLength(1);
  });

  it('do not look twice at an original that needs none, or of which none can be made', async () => {
    const plain = await storeOriginal(ground, await picture('png'), 'image/png');
    const broken = await storeOriginal(ground, located.subarray(0, -200));
    for (const _time of [1, 2]) {
      expect(await makeCopy(withoutLocation(plain))).toEqual({ key: plain.storageKey });
      await expect(makeCopy(withoutLocation(broken))).rejects.toMatchObject({ code: 'copy_unsupported' });
    }
    expect(watched.reads).toBe(2);
    expect(watched.puts).toEqual([]);
  });

  it('make one for each version of the edits', async () => {
    const upload = await store();
    const folderOf = `derived/${upload.userId}/${upload.photoId}`;
    for (const version of [3, 4]) {
      const request = embedded(upload, { description: `version ${version}` }, version);
      expect(await makeCopy(request)).toEqual({ key: `${folderOf}/embedded-${version}` });
    }
  });

  it('make a copy again whose object is lost', async () => {
    const upload = await store();
    const { key } = await makeCopy(withoutLocation(upload));
    await ground.store.delete(key);
    expect(await makeCopy(withoutLocation(upload))).toEqual({ key });
    expect((await ground.store.head(key)).size).toBeGreaterThan(0);
  });

  it('for an original that is not there find nothing', async () => {
    const upload = await store();
    await ground.store.delete(upload.storageKey);
    await expect(makeCopy(withoutLocation(upload))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are refused with Retry-After when too many wait', async () => {
    const held = [await store(), await store()];
    const open = gate();
    const making = held.map((upload) => makeCopy(withoutLocation(upload)));
    await eventually(() => expect(watched.reads).toBe(2));
    const missing = { ...(held[0] as Upload), storageKey: `originals/${newId()}/${newId()}` };
    const outcomes: unknown[] = [];
    const waiting = Array.from({ length: 33 }, async () => {
      const request = withoutLocation({ ...missing, photoId: newId() });
      outcomes.push(await makeCopy(request).catch((error: unknown) => error));
    });
    await eventually(() => expect(outcomes).toHaveLength(1));
    expect(outcomes).toMatchObject([
      { code: 'service_unavailable', status: 503, more: { headers: { 'Retry-After': '10' } } },
    ]);
    open();
    await Promise.all([...making, ...waiting]);
    expect(outcomes.slice(1)).toMatchObject(Array.from({ length: 32 }, () => ({ code: 'not_found' })));
    expect(watched.puts).toHaveLength(2);
  });

  describe('a copy', () => {
    it('is removed when it was not requested for a day', async () => {
      const [old, used] = [await store(), await store()];
      for (const upload of [old, used]) await makeCopy(withoutLocation(upload));
      time += 20 * HOUR_MS;
      await makeCopy(withoutLocation(used));
      time += 5 * HOUR_MS;
      await worker.service.sweepCopies();
      expect(await derivedOf(ground, old)).toEqual([]);
      expect(await derivedOf(ground, used)).toEqual(['without-location']);
      await makeCopy(withoutLocation(old));
      expect(await derivedOf(ground, old)).toEqual(['without-location']);
    });

    it('goes with its photo', async () => {
      const upload = await store();
      await makeCopy(withoutLocation(upload));
      await makeCopy(embedded(upload, { rating: 5 }, 7));
      await ground.bus.publish([purged(upload)]);
      await eventually(async () => expect(await derivedOf(ground, upload)).toEqual([]));
      await idle(worker.bus, 'media-worker.photo');
      await expect(makeCopy(withoutLocation(upload))).rejects.toMatchObject({ code: 'not_found' });
      expect(await derivedOf(ground, upload)).toEqual([]);
    });

    it('of a photo that is purged meanwhile is not kept', async () => {
      const upload = await store();
      const open = gate();
      const making = makeCopy(withoutLocation(upload));
      await eventually(() => expect(watched.reads).toBe(1));
      await ground.bus.publish([purged(upload)]);
      await eventually(async () => {
        const { rows } = await worker.pool.query(
          'SELECT count(*)::int AS count FROM media_copies WHERE photo_id = $1',
          [upload.photoId],
        );
        expect(rows[0]?.count).toBe(0);
      });
      open();
      await expect(making).rejects.toMatchObject({ code: 'not_found' });
      expect(await derivedOf(ground, upload)).toEqual([]);
    });
  });

  it('are counted by kind and outcome', async () => {
    const upload = await store();
    await makeCopy(withoutLocation(upload));
    await makeCopy(withoutLocation(upload));
    await makeCopy(withoutLocation(await storeOriginal(ground, await picture('gif'), 'image/gif')));
    await makeCopy(withoutLocation(await storeOriginal(ground, located.subarray(0, -200)))).catch(
      () => undefined,
    );
    const text = await worker.metrics.registry.metrics();
    for (const outcome of ['made', 'reused', 'original', 'refused']) {
      expect(text).toContain(`lazyphotos_media_copies_total{kind="without-location",outcome="${outcome}"} 1`);
    }
  });
});

describeWithPostgres('over HTTP', () => {
  const keys = createServiceKeys();
  const folder = temporaryFolder();
  let ground: Ground;
  let worker: Worker;
  beforeAll(async () => {
    ground = await createGround();
    worker = await startWorker({ ground, peerGuard: guardOf('media-worker', keys) });
  });
  afterAll(async () => {
    await worker.stop();
    await ground.remove();
  });
  const askAs = async (
    name: 'catalog' | 'gateway' | 'feed',
    request: Parameters<Worker['service']['api']['makeCopy']>[0],
  ) => {
    const peers = new Peers(identityOf(name, keys));
    try {
      return await createCopiesClient(peers, worker.url).makeCopy(request);
    } finally {
      await peers.close();
    }
  };

  it.each(['catalog', 'gateway'] as const)('the %s gets the key, or what is wrong', async (name) => {
    const located = await tagged(await picture('jpeg'), 'image/jpeg', folder, ...everyLocation);
    const upload = await storeOriginal(ground, located);
    const key = `derived/${upload.userId}/${upload.photoId}/without-location`;
    expect(await askAs(name, withoutLocation(upload))).toEqual({ key });
    const broken = await storeOriginal(ground, located.subarray(0, -200));
    await expect(askAs(name, withoutLocation(broken))).rejects.toMatchObject({
      code: 'copy_unsupported',
      detail: expect.stringMatching(/./),
    });
    await ground.store.delete(broken.storageKey);
    await expect(askAs(name, embedded(broken, { rating: 1 }))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('others are refused', async () => {
    const upload = await storeOriginal(ground, await picture('gif'), 'image/gif');
    await expect(askAs('feed', withoutLocation(upload))).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    const body = JSON.stringify(withoutLocation(upload));
    expect(await http(`${worker.url}/internal/copies`, { method: 'POST', body })).toMatchObject({
      status: 403,
      body: { code: 'peer_required' },
    });
  });
});
