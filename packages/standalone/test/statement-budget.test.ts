import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres, eventually, type HttpReply, http } from '@lazyphotos/testkit';
import { claim, type Phone, password } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import { createNodeFolder, type NodeFolder } from './support/node-process.js';
import { type CountedNode, type SentStatement, startCounted, summaryOf } from './support/statements.js';

const EMAIL = 'owner@example.org';
const ALONE = 4;
const PHOTOS = 24;
const AT_A_TIME = 4;
/** The same for requests of a client that is signed in, and for signing in and staying so, whose attempts are counted. */
const REQUESTS = {
  'GET /photos': 2, // one of them reads the position of the feed
  'GET /photos?cursor': 1,
  'GET /photos/{id}': 1,
  'GET /feed': 1,
  'GET a signed thumb': 0,
  'POST /auth/login': 8,
  'POST /auth/refresh': 10,
};
/** The feed gets a photo when it is recorded and when its previews are ready. */
const FEED_EVENTS = 2;

/** The largest number of SQL statements for each photo, of all services and the bus (docs/performance.md). */
const BUDGET = { alone: 19, together: 20 };

/** Not the end of earlier uploads: the bus completes their events, and outboxes delete them, a moment after they were handled. */
const isOfRequest = ({ database, text }: SentStatement): boolean =>
  ['gateway', 'auth', 'catalog', 'feed'].includes(database) && !text.startsWith('DELETE FROM outbox');

function expectAtMost(budget: number, statements: readonly SentStatement[], photos = 1): void {
  const perPhoto = statements.length / photos;
  if (perPhoto > budget)
    throw new Error(`${perPhoto} statements, and the budget is ${budget}:\n${summaryOf(statements)}`);
}

describeWithPostgres('the number of SQL statements', () => {
  let folder: NodeFolder;
  let counted: CountedNode;
  let phone: Phone;
  beforeAll(async () => {
    folder = await createNodeFolder();
    counted = await startCounted(folder, { LAZYPHOTOS_REQUESTS_PER_MINUTE: '100000' });
    phone = await claim(counted.node.url, counted.node.claimCode(), EMAIL);
  });
  afterAll(() => folder?.remove());

  /** The number of events that the feed has handled; metrics need no statement. */
  const feedEvents = async (): Promise<number> => {
    const text = await (await fetch(counted.node.metricsUrl)).text();
    const handled = text.matchAll(
      /lazyphotos_events_handled_total\{.*queue="feed.photo".*outcome="done".*\} (\d+)/g,
    );
    return [...handled].reduce((sum, [, count]) => sum + Number(count), 0);
  };

  /** Uploads distinct photos, waits until all are in the feed with their previews, and resolves to the statements that took. */
  const statementsOf = async (count: number, label: string): Promise<SentStatement[]> => {
    const queue = await distinctPhotos(folder.path, count, { label });
    const before = await feedEvents();
    await counted.statements();
    const send = async () => {
      for (let photo = queue.shift(); photo; photo = queue.shift()) await phone.upload(photo);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, send));
    await eventually(async () => {
      const handled = (await feedEvents()) - before;
      if (handled < count * FEED_EVENTS) throw new Error(`the feed has handled ${handled} events`);
    });
    return counted.statements();
  };

  it('of the whole way of one photo is within its budget', async () => {
    await statementsOf(1, 'first');
    let fewest = await statementsOf(1, 'alone');
    // The bus polls its queues now and then; a photo among several comes without.
    for (let number = 1; number < ALONE; number += 1) {
      const statements = await statementsOf(1, `alone ${number}`);
      if (statements.length < fewest.length) fewest = statements;
    }
    expectAtMost(BUDGET.alone, fewest);
  });

  it.each(Object.entries(REQUESTS))('of %s is within its budget', async (name, budget) => {
    const { body: list } = await phone.call('/photos?limit=1');
    const [photo] = list.photos;
    const thumb = new URL((await phone.processed(photo.id)).thumbnails.thumb);
    const signIn = () => phone.call('/auth/login', { json: { email: EMAIL, password } });
    const refreshToken = name === 'POST /auth/refresh' ? (await signIn()).body.refreshToken : undefined;
    const requests: Record<keyof typeof REQUESTS, () => Promise<HttpReply>> = {
      'GET /photos': () => phone.call('/photos?limit=100'),
      'GET /photos?cursor': () => phone.call(`/photos?limit=1&cursor=${encodeURIComponent(list.cursor)}`),
      'GET /photos/{id}': () => phone.call(`/photos/${photo.id}`),
      'GET /feed': () => phone.call('/feed'),
      'GET a signed thumb': () => http(counted.node.url + thumb.pathname + thumb.search),
      'POST /auth/login': signIn,
      'POST /auth/refresh': () => phone.call('/auth/refresh', { json: { refreshToken } }),
    };
    await counted.statements();
    const { status } = await requests[name as keyof typeof REQUESTS]();
    expect(status).toBe(200);
    expectAtMost(budget, (await counted.statements()).filter(isOfRequest));
  });

  it('of photos that come together is within its budget', async () => {
    expectAtMost(BUDGET.together, await statementsOf(PHOTOS, 'together'), PHOTOS);
  });
});
