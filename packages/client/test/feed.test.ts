import { describe, expect, test } from '@jest/globals';
import type { FeedItem } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import { type Client, type FeedEvent, followFeed, photoPages } from '../src/index.js';
import { addPhoto, signedIn } from './helpers.js';

/** Waits until a photo has been processed, and changes no more by itself. */
const isProcessed = (client: Client, id: string) =>
  eventually(async () => {
    const { items } = await client.getFeed();
    const item = items.find(({ data }) => data.id === id);
    expect(item).toMatchObject({ data: { processing: expect.stringMatching(/ready|failed/) } });
  });

/** A cursor of this feed at a number that was never given, as after the restore of a backup. */
function cursorBeyond(cursor: string): string {
  const { e } = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  return Buffer.from(JSON.stringify({ e, s: 1_000_000 })).toString('base64url');
}

describe('followFeed', () => {
  test('yields pages, then what comes later, until it is aborted', async () => {
    const { client, direct } = await signedIn();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push(await addPhoto(direct, undefined, `${name}.jpg`));
    for (const id of ids) await isProcessed(direct, id);
    const controller = new AbortController();
    const sizes: number[] = [];
    const seen = new Set<string>();
    const yielded: string[] = [];
    const cursors: string[] = [];
    let later = '';
    const onItems = (_items: unknown, cursor: string) => void cursors.push(cursor);
    for await (const event of followFeed(client, {
      limit: 2,
      pollMs: 10,
      signal: controller.signal,
      onItems,
    })) {
      if (event.type !== 'items') break;
      sizes.push(event.items.length);
      yielded.push(event.cursor);
      for (const { data } of event.items) seen.add(data.id);
      if (sizes.length === 2) later = await addPhoto(direct, undefined, 'd.jpg');
      if (seen.has(later)) controller.abort();
    }
    expect(sizes).toEqual([2, 1, 1]);
    expect(seen).toEqual(new Set([...ids, later]));
    expect(cursors).toEqual(yielded);
    expect(new Set(cursors).size).toBe(3);
    const rest = await direct.getFeed({ query: { cursor: cursors[1] } });
    expect(rest.items.map(({ data }) => data.id)).toEqual([later]);
  });

  test('asks for a page, and yields one, only after the page before is stored', async () => {
    const { node, client, direct } = await signedIn();
    for (const name of ['a', 'b'])
      await isProcessed(direct, await addPhoto(direct, undefined, `${name}.jpg`));
    const stored: string[] = [];
    const asked: number[] = [];
    const onItems = async (_items: unknown, cursor: string) => {
      // Storing takes as long as some requests do.
      for (let request = 0; request < 3; request += 1) await direct.getFeed();
      asked.push(node.count('GET /feed'));
      stored.push(cursor);
    };
    const feed = followFeed(client, { limit: 1, onItems });
    for (let page = 1; page <= 2; page += 1) {
      const { value } = await feed.next();
      expect(value).toMatchObject({ type: 'items', cursor: stored.at(-1) });
      expect(stored).toHaveLength(page);
    }
    expect(asked).toEqual([1, 2]);
    await feed.return();
  });

  test('ends when a page cannot be stored, and the cursor before it brings the page again', async () => {
    const { node, client, direct } = await signedIn();
    const ids = [await addPhoto(direct, undefined, 'a.jpg'), await addPhoto(direct, undefined, 'b.jpg')];
    for (const id of ids) await isProcessed(direct, id);
    let saved: string | undefined;
    const seen: string[] = [];
    const onItems = async (items: FeedItem[], cursor: string) => {
      await direct.getFeed();
      if (seen.length === 1) throw new Error('the disk is full');
      seen.push(...items.map(({ data }) => data.id));
      saved = cursor;
    };
    const feed = followFeed(client, { limit: 1, onItems });
    await feed.next();
    await expect(feed.next()).rejects.toThrow('the disk is full');
    expect(node.count('GET /feed')).toBe(2);
    const { value } = await followFeed(client, { limit: 1, cursor: saved }).next();
    const again = value?.type === 'items' ? value.items.map(({ data }) => data.id) : [];
    expect(new Set([...seen, ...again])).toEqual(new Set(ids));
  });

  test('an expired cursor makes the caller resync', async () => {
    const { client, direct } = await signedIn();
    const cursor = cursorBeyond((await direct.getFeed()).cursor);
    const events: FeedEvent[] = [];
    for await (const event of followFeed(client, { cursor })) events.push(event);
    expect(events).toEqual([{ type: 'resync' }]);
  });

  test('other errors reach the caller', async () => {
    const { client } = await signedIn();
    await expect(followFeed(client, { cursor: 'x' }).next()).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });
});

test('photoPages walks all pages, which it asks for as large as they may be', async () => {
  const { node, client, direct } = await signedIn();
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) ids.push(await addPhoto(direct));
  // Smaller ones need fewer photos.
  const path = (asked: string) => asked.replace('limit=500', 'limit=2');
  node.fail({ on: 'GET /photos?', effect: { path }, times: 3 });
  const pages: string[][] = [];
  for await (const page of photoPages(client)) pages.push(page.map(({ id }) => id));
  expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
  expect(pages.flat().sort()).toEqual(ids.sort());
  expect(node.count('GET /photos?')).toBe(3);
});
