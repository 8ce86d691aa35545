import { describe, expect, test } from '@jest/globals';
import { type FeedEvent, followFeed, photoPages } from '../src/index.js';
import { addPhoto } from '../src/testing/index.js';
import { sha256, signedIn } from './helpers.js';

const newPhoto = (userId: string, name: string) => {
  const bytes = Buffer.from(name);
  return { userId, hash: sha256(bytes), fileName: `${name}.jpg`, mimeType: 'image/jpeg', bytes };
};

describe('followFeed', () => {
  test('yields pages, then what comes later, until it is aborted', async () => {
    const { node, client, userId } = await signedIn();
    for (const name of ['a', 'b', 'c']) addPhoto(node.state, newPhoto(userId, name));
    const controller = new AbortController();
    const seen: number[] = [];
    const cursors: string[] = [];
    const onItems = (_items: unknown, cursor: string) => void cursors.push(cursor);
    for await (const event of followFeed(client, {
      limit: 2,
      pollMs: 10,
      signal: controller.signal,
      onItems,
    })) {
      if (event.type !== 'items') break;
      seen.push(event.items.length);
      if (seen.length === 2) addPhoto(node.state, newPhoto(userId, 'd'));
      if (seen.length === 3) controller.abort();
    }
    expect(seen).toEqual([2, 1, 1]);
    expect(cursors).toEqual(['2', '3', '4']);
  });

  test('an expired cursor makes the caller resync', async () => {
    const { node, client } = await signedIn();
    node.state.feedStart = 10;
    const events: FeedEvent[] = [];
    for await (const event of followFeed(client, { cursor: '3' })) events.push(event);
    expect(events).toEqual([{ type: 'resync' }]);
  });

  test('other errors reach the caller', async () => {
    const { node, client } = await signedIn();
    node.fail({ on: 'GET /feed', effect: { status: 400, code: 'invalid_cursor' } });
    await expect(followFeed(client, { cursor: 'x' }).next()).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });
});

test('photoPages walks all pages', async () => {
  const { node, client, userId } = await signedIn();
  for (let count = 0; count < 1201; count++) addPhoto(node.state, newPhoto(userId, String(count)));
  const sizes: number[] = [];
  for await (const page of photoPages(client)) sizes.push(page.length);
  expect(sizes).toEqual([500, 500, 201]);
});
