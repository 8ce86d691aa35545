import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres, eventually, startTcpProxy, type TcpProxy } from '@lazyphotos/testkit';
import { albumChanged, albumRecord, photoChanged, photoRecord } from './events.js';
import { createGround, type Feed, type Ground, startFeed } from './harness.js';

const RETRY = { maxAttempts: 2, baseDelaySeconds: 1, maxDelaySeconds: 1 };

describeWithPostgres('a database that is away for longer than an event is retried', () => {
  let ground: Ground;
  let proxy: TcpProxy;
  let feed: Feed;
  beforeAll(async () => {
    ground = await createGround();
    proxy = await startTcpProxy(ground.url);
    const through = new URL(ground.url);
    through.host = `${proxy.host}:${proxy.port}`;
    feed = await startFeed({ ground, databaseUrl: through.href, retry: RETRY });
  });
  afterAll(async () => {
    await feed.stop();
    await proxy.cut();
    await ground.drop();
  });

  it('loses no event and makes no dead letter', async () => {
    const userId = newId();
    const photos = Array.from({ length: 150 }, () => photoRecord(userId));
    await proxy.cut();
    await feed.publish(...photos.map(photoChanged), albumChanged(albumRecord(userId)));
    const postponed = () => feed.outcomes.filter((outcome) => outcome === 'postponed').length;
    // Every event has failed more often than it has attempts.
    await eventually(() => expect(postponed()).toBeGreaterThan(photos.length * RETRY.maxAttempts));
    await proxy.mend();
    await feed.settled();
    const items: { data: { id: string } }[] = [];
    for (let cursor: string | undefined, more = true; more; ) {
      const { body } = await feed.get(userId, `?limit=100${cursor ? `&cursor=${cursor}` : ''}`);
      items.push(...body.items);
      ({ cursor, hasMore: more } = body);
    }
    expect(items).toHaveLength(photos.length + 1);
    expect(feed.outcomes).not.toContain('retried');
    for (const queue of ['feed.photo', 'feed.album'])
      expect(await feed.bus.deadLetters(queue, 1)).toEqual([]);
  });
});
