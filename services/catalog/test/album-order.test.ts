import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Album, Photo } from '@lazyphotos/contracts';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { eventOf, newUpload, readyResult } from './facts.js';
import { fold } from './fold.js';
import { type CatalogNode, startCatalog } from './harness.js';

const day = (number: number) => new Date(Date.UTC(2024, 0, number)).toISOString();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describeWithPostgres('albums that are arranged by hand', () => {
  let node: CatalogNode;
  beforeAll(async () => {
    node = await startCatalog({ poolSize: 12 });
  });
  afterAll(async () => {
    expect(node.failures).toEqual([]);
    await node.stop();
  });

  const albumWith = async (count: number, more: object = { order: 'manual' }) => {
    const user = node.user();
    const ids = await user.addPhotos(count, (index) => ({ capturedAt: day(1 + index) }));
    const albumId = await user.addAlbum('A', more);
    await user.addItems(albumId, ids);
    return { user, ids, albumId };
  };
  /** What a device knows that has only the events. */
  const orderByEvents = async (user: ReturnType<CatalogNode['user']>, albumId: string) =>
    fold(await node.eventsOf(user.id)).orderOf(albumId);

  it('append what is added, in the order in which it is named', async () => {
    const { user, ids, albumId } = await albumWith(3);
    expect((await user.album(albumId)).body).toMatchObject({ order: 'manual', itemCount: 3 });
    const more = await user.addPhotos(2);
    await user.addItems(albumId, [...more].reverse());
    await user.addItems(albumId, [ids[0] ?? '', more[0] ?? '']);
    expect(await user.itemIds(albumId)).toEqual([...ids, ...[...more].reverse()]);
    expect(await orderByEvents(user, albumId)).toEqual(await user.itemIds(albumId));
  });

  it('move a photo behind another one or to the beginning, and set nothing else', async () => {
    const { user, ids, albumId } = await albumWith(4);
    const [a = '', b = '', c = '', d = ''] = ids;
    const before = (await user.album(albumId)).body;
    expect((await user.moveItem(albumId, d, a)).status).toBe(204);
    expect(await user.itemIds(albumId)).toEqual([a, d, b, c]);
    await user.moveItem(albumId, c, null);
    await user.moveItem(albumId, a, b);
    expect(await user.itemIds(albumId)).toEqual([c, d, b, a]);
    await user.moveItem(albumId, b, b);
    await user.moveItem(albumId, a, b);
    expect(await user.itemIds(albumId)).toEqual([c, d, b, a]);
    const { version: _v, updatedAt: _u, cover: _c, ...after } = (await user.album(albumId)).body;
    expect(before).toMatchObject(after);
    expect(await orderByEvents(user, albumId)).toEqual([c, d, b, a]);
  });

  it('are listed in pages', async () => {
    const { user, ids, albumId } = await albumWith(7);
    await user.moveItem(albumId, ids[6] ?? '', null);
    for (const limit of [1, 2, 7, 100]) {
      const pages = await user.pages(`/albums/${albumId}/items`, limit);
      const listed = pages.flatMap((page) => page.items.map((photo: Photo) => photo.id));
      expect(listed).toEqual([ids[6], ...ids.slice(0, 6)]);
    }
  });

  it('refuse to move what is not in them, or behind what is not in them', async () => {
    const { user, ids, albumId } = await albumWith(2);
    const outside = await user.addPhoto();
    const [one = '', two = ''] = ids;
    for (const [photoId, after] of [
      [outside, null],
      [newId(), null],
      [one, outside],
      [one, newId()],
    ] as const)
      expect(await user.moveItem(albumId, photoId, after)).toMatchObject({ status: 404 });
    expect((await user.moveItem(newId(), one, null)).status).toBe(404);
    for (const body of [{}, { after: 'x' }, { after: 1 }])
      expect((await user.send('PUT', `/albums/${albumId}/items/${one}`, body)).status).toBe(400);
    expect(await user.itemIds(albumId)).toEqual([one, two]);
  });

  it('begin with the order by date, and remember their own', async () => {
    const { user, ids, albumId } = await albumWith(3, {});
    const byDate = [...ids].reverse();
    const setOrder = (order: string) => user.send('PUT', `/albums/${albumId}`, { order });
    expect(await user.itemIds(albumId)).toEqual(byDate);
    expect((await setOrder('manual')).body).toMatchObject({ order: 'manual' });
    expect(await user.itemIds(albumId)).toEqual(byDate);
    await user.moveItem(albumId, ids[0] ?? '', null);
    const arranged = [ids[0], ids[2], ids[1]];
    expect(await user.itemIds(albumId)).toEqual(arranged);
    await setOrder('date');
    expect(await user.itemIds(albumId)).toEqual(byDate);
    const late = await user.addPhoto({ capturedAt: day(30) });
    await user.addItems(albumId, [late]);
    expect(await user.itemIds(albumId)).toEqual([late, ...byDate]);
    await setOrder('manual');
    expect(await user.itemIds(albumId)).toEqual([...arranged, late]);
    expect(await orderByEvents(user, albumId)).toEqual([...arranged, late]);
    expect((await setOrder('size')).status).toBe(400);
  });

  it('may be arranged before the order is shown', async () => {
    const { user, ids, albumId } = await albumWith(3, {});
    expect((await user.moveItem(albumId, ids[0] ?? '', null)).status).toBe(204);
    expect(await user.itemIds(albumId)).toEqual([...ids].reverse());
    await user.send('PUT', `/albums/${albumId}`, { order: 'manual' });
    expect(await user.itemIds(albumId)).toEqual([ids[0], ids[2], ids[1]]);
  });

  it('give a photo from the trash its place back', async () => {
    const { user, ids, albumId } = await albumWith(3);
    const [a = '', b = '', c = ''] = ids;
    await user.trash(b);
    expect(await user.itemIds(albumId)).toEqual([a, c]);
    await user.moveItem(albumId, c, a);
    await user.restore(b);
    expect(new Set(await user.itemIds(albumId))).toEqual(new Set(ids));
    expect((await user.itemIds(albumId))[0]).toBe(a);
    expect(await orderByEvents(user, albumId)).toEqual(await user.itemIds(albumId));
  });

  it('stay in order however often a photo moves to the same place', async () => {
    const { user, ids, albumId } = await albumWith(3);
    const [a = '', b = '', c = ''] = ids;
    // A key between the same two grows with each move.
    await node.pool.query(
      `UPDATE album_items SET position = 'a0' || repeat('0', 97) || 'V' WHERE album_id = $1 AND photo_id = $2`,
      [albumId, b],
    );
    await node.pool.query(`UPDATE album_items SET position = 'a0' WHERE album_id = $1 AND photo_id = $2`, [
      albumId,
      a,
    ]);
    for (let n = 0; n < 8; n += 1) {
      await user.moveItem(albumId, c, a);
      expect(await user.itemIds(albumId)).toEqual([a, c, b]);
      await user.moveItem(albumId, b, a);
      expect(await user.itemIds(albumId)).toEqual([a, b, c]);
    }
    const { rows } = await node.pool.query(
      'SELECT max(length(position)) AS longest FROM album_items WHERE album_id = $1',
      [albumId],
    );
    expect(rows[0].longest).toBeLessThanOrEqual(100);
    expect(await orderByEvents(user, albumId)).toEqual([a, b, c]);
  });

  it('end in the same order on every device, after concurrent changes', async () => {
    const index = fc.nat(5);
    const move = fc.record({ kind: fc.constant('move' as const), photo: index, after: fc.option(index) });
    const change = fc.record({
      kind: fc.constantFrom('add' as const, 'remove' as const, 'trash' as const, 'restore' as const),
      photo: index,
    });
    const order = fc.record({ kind: fc.constantFrom('manual' as const, 'date' as const) });
    const step = fc.oneof(
      { weight: 6, arbitrary: move },
      { weight: 3, arbitrary: change },
      { weight: 1, arbitrary: order },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(step, { maxLength: 12 }),
        async (one, two) => {
          const { user, ids, albumId } = await albumWith(6);
          const device = async (steps: typeof one) => {
            for (const each of steps) {
              const photoId = ('photo' in each ? ids[each.photo] : '') ?? '';
              const reply =
                each.kind === 'move'
                  ? await user.moveItem(
                      albumId,
                      photoId,
                      each.after === null ? null : (ids[each.after] ?? ''),
                    )
                  : each.kind === 'add'
                    ? await user.addItems(albumId, [photoId])
                    : each.kind === 'remove'
                      ? await user.removeItem(albumId, photoId)
                      : each.kind === 'trash' || each.kind === 'restore'
                        ? await user[each.kind](photoId)
                        : await user.send('PUT', `/albums/${albumId}`, { order: each.kind });
              expect([200, 204, 404]).toContain(reply.status);
            }
          };
          await Promise.all([device(one), device(two)]);
          await user.send('PUT', `/albums/${albumId}`, { order: 'manual' });
          const listed = await user.itemIds(albumId);
          expect(new Set(listed).size).toBe(listed.length);
          expect((await user.album(albumId)).body.itemCount).toBe(listed.length);
          expect(await orderByEvents(user, albumId)).toEqual(listed);
          const { rows } = await node.pool.query('SELECT position FROM album_items WHERE album_id = $1', [
            albumId,
          ]);
          expect(new Set(rows.map((row) => row.position)).size).toBe(rows.length);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('keep what two devices add at the same time', async () => {
    const { user, ids, albumId } = await albumWith(1);
    const [mine, yours] = [await user.addPhotos(3), await user.addPhotos(3)];
    await Promise.all([
      user.addItems(albumId, mine),
      user.addItems(albumId, yours),
      user.addItems(albumId, mine),
    ]);
    const listed = await user.itemIds(albumId);
    expect(listed).toHaveLength(7);
    expect(new Set(listed)).toEqual(new Set([...ids, ...mine, ...yours]));
  });

  describe('with edits that were made offline', () => {
    const edit = async (user: ReturnType<CatalogNode['user']>, albumId: string, body: object) => {
      const { status, body: album } = await user.send('PUT', `/albums/${albumId}`, body);
      expect(status).toBe(200);
      return album as Album;
    };

    it('take the newest of each field, whenever it arrives', async () => {
      const { user, albumId, ids } = await albumWith(1);
      await edit(user, albumId, { name: 'new', updatedAt: minutesAgo(10) });
      const late = await edit(user, albumId, {
        name: 'old',
        description: 'kept',
        order: 'date',
        updatedAt: minutesAgo(20),
      });
      expect(late).toMatchObject({ name: 'new', description: 'kept', order: 'date' });
      await edit(user, albumId, { coverPhotoId: ids[0], updatedAt: minutesAgo(5) });
      const stale = await edit(user, albumId, { coverPhotoId: null, updatedAt: minutesAgo(6) });
      expect(stale.coverPhotoId).toBe(ids[0]);
      expect(stale.version).toBe(late.version + 1);
    });

    it('count a time in the future as now, and no time as now', async () => {
      const { user, albumId } = await albumWith(1);
      await edit(user, albumId, {
        name: 'future',
        updatedAt: new Date(Date.now() + 86_400_000).toISOString(),
      });
      node.advance(1000);
      expect(await edit(user, albumId, { name: 'now' })).toMatchObject({ name: 'now' });
    });

    it('count no time as after everything before', async () => {
      const { user, albumId } = await albumWith(1);
      // The clock goes back between two edits.
      node.advance(60_000);
      await edit(user, albumId, { name: 'first' });
      node.advance(-60_000);
      expect(await edit(user, albumId, { name: 'a second' })).toMatchObject({ name: 'a second' });
    });

    it('say nothing of an edit that changes nothing, and keep its time', async () => {
      const { user, albumId } = await albumWith(1);
      await edit(user, albumId, { name: 'same', updatedAt: minutesAgo(30) });
      const before = (await user.album(albumId)).body;
      const count = (await node.eventsOf(user.id)).length;
      for (const more of [{ updatedAt: minutesAgo(10) }, {}]) {
        const body = { name: 'same', description: before.description ?? null, ...more };
        expect(await edit(user, albumId, body)).toEqual(before);
      }
      expect(await edit(user, albumId, { name: 'older', updatedAt: minutesAgo(20) })).toEqual(before);
      expect(await node.eventsOf(user.id)).toHaveLength(count);
    });

    it('end alike in any order', async () => {
      const change = fc.record(
        {
          name: fc.constantFrom('a', 'b'),
          description: fc.constantFrom('x', null),
          order: fc.constantFrom('date', 'manual'),
        },
        { requiredKeys: [] },
      );
      const edits = fc.array(fc.tuple(change, fc.nat(3)), { minLength: 2, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(edits, async (list) => {
          const bodies = list.map(([body, minutes]) => ({ ...body, updatedAt: minutesAgo(10 + minutes) }));
          const results = [];
          for (const sequence of [bodies, [...bodies].reverse(), [...bodies, ...bodies]]) {
            const { user, albumId } = await albumWith(1, {});
            // What was never set has no time; both begin with the same.
            await edit(user, albumId, {
              name: '-',
              description: '-',
              order: 'date',
              updatedAt: minutesAgo(60),
            });
            for (const body of sequence) await edit(user, albumId, body);
            const { name, description, order } = (await user.album(albumId)).body;
            results.push({ name, description, order });
          }
          expect(results[1]).toEqual(results[0]);
          expect(results[2]).toEqual(results[0]);
        }),
        { numRuns: 6 },
      );
    });
  });

  describe('show a picture', () => {
    it('the chosen one, else their first', async () => {
      const { user, ids, albumId } = await albumWith(3, {});
      const coverOf = async () => {
        const one = (await user.album(albumId)).body.cover;
        expect((await user.call('/albums')).body.albums[0].cover).toEqual(one);
        return one?.photoId;
      };
      expect(await coverOf()).toBe(ids[2]);
      await user.trash(ids[2] ?? '');
      expect(await coverOf()).toBe(ids[1]);
      await user.send('PUT', `/albums/${albumId}`, { coverPhotoId: ids[0] });
      expect(await coverOf()).toBe(ids[0]);
      await user.trash(ids[0] ?? '');
      expect(await coverOf()).toBe(ids[1]);
      expect((await user.album(albumId)).body.coverPhotoId).toBe(ids[0]);
      await user.trash(ids[1] ?? '');
      expect(await coverOf()).toBeUndefined();
      await user.restore(ids[2] ?? '');
      await user.restore(ids[1] ?? '');
      await user.send('PUT', `/albums/${albumId}`, { order: 'manual' });
      await user.moveItem(albumId, ids[1] ?? '', null);
      expect(await coverOf()).toBe(ids[1]);
    });

    it('with a signed URL once there is a preview', async () => {
      const user = node.user();
      const upload = newUpload(user.id);
      await user.addPhoto(upload);
      const albumId = await user.addAlbum();
      await user.addItems(albumId, [upload.photoId]);
      expect((await user.album(albumId)).body.cover).toEqual({ photoId: upload.photoId });
      await node.deliver(eventOf('media.processed', readyResult(upload)));
      expect((await user.album(albumId)).body.cover).toEqual({
        photoId: upload.photoId,
        thumb: (await user.photo(upload.photoId)).body.thumbnails.thumb,
        placeholder: 'AAAA',
      });
    });
  });
});
