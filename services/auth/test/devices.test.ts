import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Account, type AuthNode, addMember, claimNode, startAuth } from './harness.js';

const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });
const PHONE = { platform: 'android', model: 'Pixel 11', appVersion: '2.0.1', name: "Anna's phone" };

describeWithPostgres('devices', () => {
  let node: AuthNode;
  let owner: Account;
  let guest: Account;
  beforeAll(async () => {
    node = await startAuth();
    owner = await claimNode(node);
    guest = await addMember(node, owner, 'guest@example.org');
  });
  afterAll(() => node.stop());

  const add = (by: Account, json: object = PHONE, key?: string) =>
    node.call('/devices/register', {
      token: by.token,
      json,
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
  const list = (by: Account, query = '') => node.call(`/devices${query}`, { token: by.token });
  const remove = (by: Account, id: string) =>
    node.call(`/devices/${id}`, { method: 'DELETE', token: by.token });
  const countOf = async (by: Account) => (await list(by)).body.devices.length as number;

  it('registers a device and shows it', async () => {
    const { status, body } = await add(owner);
    expect(status).toBe(200);
    const { devices, hasMore } = (await list(owner)).body;
    expect(hasMore).toBe(false);
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(devices).toEqual([{ id: body.deviceId, ...PHONE, createdAt: time, lastSeenAt: time }]);
  });

  it('lists an empty page without a cursor', async () => {
    expect((await list(guest)).body).toEqual({ devices: [], cursor: null, hasMore: false });
  });

  it('lists page by page, newest first, each once', async () => {
    const added: string[] = [];
    const collector = await addMember(node, owner, 'collector@example.org');
    for (let index = 0; index < 5; index += 1) {
      added.unshift((await add(collector, { ...PHONE, name: undefined })).body.deviceId);
    }
    const seen: string[] = [];
    let query = '?limit=2';
    for (let hasMore = true; hasMore; ) {
      const { body } = await list(collector, query);
      seen.push(...body.devices.map(({ id }: { id: string }) => id));
      hasMore = body.hasMore;
      query = `?limit=2&cursor=${body.cursor}`;
    }
    expect(seen).toEqual(added);
    expect((await list(collector, `?cursor=${(await list(collector)).body.cursor}`)).body.devices).toEqual(
      [],
    );
  });

  it.each([
    ['?limit=0', 'invalid_request'],
    ['?limit=501', 'invalid_request'],
    ['?cursor=nonsense', 'invalid_cursor'],
    [`?cursor=${Buffer.from('{"before":"1; DROP TABLE users"}').toString('base64url')}`, 'invalid_cursor'],
  ])('refuses %s', async (query, code) => {
    expect(await list(owner, query)).toMatchObject(problem(400, code));
  });

  it.each([
    ['a platform that there is not', { ...PHONE, platform: 'symbian' }],
    ['control characters', { ...PHONE, model: 'Pixel\u0000' }],
    ['no model', { ...PHONE, model: '' }],
  ])('refuses %s', async (_what, json) => {
    expect(await add(owner, json)).toMatchObject(problem(400, 'invalid_request'));
  });

  it('registers once per Idempotency-Key, also when the requests come together', async () => {
    const before = await countOf(guest);
    const replies = await Promise.all(Array.from({ length: 5 }, () => add(guest, PHONE, 'setup-1')));
    const again = await add(guest, Object.fromEntries(Object.entries(PHONE).reverse()), 'setup-1');
    const ids = [...replies, again].map(({ body }) => body.deviceId);
    expect(new Set(ids).size).toBe(1);
    expect(await countOf(guest)).toBe(before + 1);
  });

  it('refuses an Idempotency-Key for another request, and keeps accounts apart', async () => {
    const guests = await add(guest, PHONE, 'setup-2');
    const other = { ...PHONE, model: 'Pixel 12' };
    expect(await add(guest, other, 'setup-2')).toMatchObject(problem(422, 'idempotency_key_reused'));
    const owners = await add(owner, other, 'setup-2');
    expect(owners.status).toBe(200);
    expect((await add(owner, other, 'setup-2')).body).toEqual(owners.body);
    expect((await add(guest, PHONE, 'setup-2')).body).toEqual(guests.body);
    expect(owners.body.deviceId).not.toBe(guests.body.deviceId);
    expect(await add(guest, PHONE, 'x'.repeat(201))).toMatchObject(problem(400, 'invalid_request'));
  });

  it('neither shows nor removes a device of another account', async () => {
    const { deviceId } = (await add(owner)).body;
    const { devices } = (await list(guest)).body;
    expect(devices.map(({ id }: { id: string }) => id)).not.toContain(deviceId);
    expect(await remove(guest, deviceId)).toMatchObject(problem(404, 'not_found'));
    expect((await remove(owner, deviceId)).status).toBe(204);
    expect(await remove(owner, deviceId)).toMatchObject(problem(404, 'not_found'));
    expect(await remove(owner, 'no-uuid')).toMatchObject(problem(404, 'not_found'));
  });

  it('requires an access token', async () => {
    for (const reply of [
      await node.call('/devices'),
      await node.call('/devices/register', { json: PHONE }),
    ]) {
      expect(reply).toMatchObject(problem(401, 'unauthenticated'));
    }
  });
});
