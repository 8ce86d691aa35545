import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { FairSlots, type SlotOptions } from '../src/traffic/fair-slots.js';

/** So few that a client may hold one. */
const TOTAL = 4;
const RETRY_LATER = { more: { headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } } };

const open = new Set<Writable>();
afterEach(() => {
  for (const response of open) response.destroy();
  open.clear();
});

function makeSlots(options: Partial<SlotOptions> = {}) {
  const refusals: string[] = [];
  const slots = new FairSlots({
    total: TOTAL,
    waitMs: 10_000,
    onRefused: (reason, client) => refusals.push(`${client}: ${reason}`),
    ...options,
  });
  /** A request of a client: `got` is what `hold` resolves to; `end` closes its response. */
  const ask = (client: string) => {
    const response = new Writable();
    open.add(response);
    const got = slots.hold(client, response as unknown as ServerResponse);
    got.catch(() => undefined); // A test looks at it later.
    return { got, end: () => response.destroy() };
  };
  const askAll = async (clients: readonly string[]) => {
    const requests = clients.map(ask);
    for (const { got } of requests) expect(await got).toBe(true);
    return requests;
  };
  return { slots, refusals, ask, askAll };
}

describe('slots that are shared fairly', () => {
  it('a request of a new client is refused with 503 when all slots stay taken, and takes none afterwards', async () => {
    const { slots, refusals, ask, askAll } = makeSlots({ waitMs: 20 });
    const [first] = await askAll(['ann', 'bob', 'cem', 'dora']);
    await expect(ask('eve').got).rejects.toMatchObject({
      code: 'service_unavailable',
      status: 503,
      ...RETRY_LATER,
    });
    expect(refusals).toEqual(['eve: total']);
    // The refused request is still being answered when a slot comes back.
    first?.end();
    await eventually(() => expect(slots.held).toBe(TOTAL - 1));
    expect(await ask('finn').got).toBe(true);
  });

  it('one request more than may wait is refused at once with 429, and other clients are not', async () => {
    const { slots, refusals, ask } = makeSlots({ maxWaiting: 2 });
    const holder = ask('ann');
    expect(await holder.got).toBe(true);
    const waiting = [ask('ann'), ask('ann')];
    await expect(ask('ann').got).rejects.toMatchObject({ code: 'rate_limited', status: 429, ...RETRY_LATER });
    expect(refusals).toEqual(['ann: client']);
    expect(slots.waiting).toBe(2);
    expect(await ask('bob').got).toBe(true);
    // A place among those that wait comes back as well.
    holder.end();
    expect(await waiting[0]?.got).toBe(true);
    const next = ask('ann');
    expect(slots.waiting).toBe(2);
    for (const { end } of waiting) end();
    expect(await next.got).toBe(true);
  });

  it('four requests of a client may wait for each slot that it may hold, unless it is said how many', async () => {
    const { slots, ask, askAll } = makeSlots({ total: 2 * TOTAL });
    await askAll(['ann', 'ann']);
    for (let count = 0; count < 8; count += 1) ask('ann');
    await expect(ask('ann').got).rejects.toMatchObject({ code: 'rate_limited' });
    expect([slots.held, slots.waiting]).toEqual([2, 8]);
  });

  it.each([
    ['its own requests', ['ann']],
    ['the requests of all', ['bob', 'cem', 'dora', 'eve']],
  ])('a client that disconnects while it waits for %s leaves no slot taken', async (_title, clients) => {
    const { slots, refusals, ask, askAll } = makeSlots();
    const holders = await askAll(clients);
    const gone = ask('ann');
    expect(slots.waiting).toBe(1);
    gone.end();
    expect(await gone.got).toBe(false);
    expect(slots.waiting).toBe(0);
    holders[0]?.end();
    expect(await ask('ann').got).toBe(true);
    expect(slots.held).toBe(holders.length);
    expect(refusals).toEqual([]);
  });

  it('a client that was gone before it asked leaves no slot taken', async () => {
    const { slots, ask } = makeSlots();
    const gone = new Writable().destroy();
    await once(gone, 'close');
    await slots.hold('ann', gone as unknown as ServerResponse);
    expect(await ask('ann').got).toBe(true);
    expect(slots.held).toBe(1);
  });
});
