import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { migrationsPath } from '../src/index.js';
import { type Account, type AuthNode, addMember, claimNode, DAY_MS, register, startAuth } from './harness.js';

const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });

describeWithPostgres('invites', () => {
  let node: AuthNode;
  let owner: Account;
  let admin: Account;
  let member: Account;
  beforeAll(async () => {
    node = await startAuth();
    owner = await claimNode(node);
    admin = await addMember(node, owner, 'admin@example.org', 'admin');
    member = await addMember(node, owner, 'member@example.org');
  });
  afterAll(() => node.stop());

  const create = (by: Account, json: object = {}) => node.call('/invites', { token: by.token, json });
  const list = (by: Account, query = '') => node.call(`/invites${query}`, { token: by.token });
  const remove = (by: Account, id: string) =>
    node.call(`/invites/${id}`, { method: 'DELETE', token: by.token });

  it('gives a code once, for seven days, and keeps its hash only', async () => {
    const before = Date.now();
    const { status, body } = await create(owner, { email: 'New@Example.org' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ role: 'member', email: 'new@example.org' });
    expect(body.code).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){6}$/);
    const begun = new Date(body.expiresAt).getTime() - 7 * DAY_MS;
    expect(begun).toBeGreaterThanOrEqual(before);
    expect(begun).toBeLessThanOrEqual(Date.now());
    const { rows } = await node.pool.query('SELECT * FROM invites');
    expect(JSON.stringify(rows)).not.toContain(body.code);
    expect(JSON.stringify(node.logs)).not.toContain(body.code);
    expect((await list(owner)).text).not.toContain(body.code);
  });

  it('is for a member by default, with a body or without one', async () => {
    for (const request of [{ json: {} }, { method: 'POST' }]) {
      const { status, body } = await node.call('/invites', { token: owner.token, ...request });
      expect([status, body.role]).toEqual([201, 'member']);
      const listed = (await list(owner)).body.invites.find(({ id }: { id: string }) => id === body.id);
      const { code, ...invite } = body;
      expect(code).toBeDefined();
      expect(listed).toEqual(invite);
    }
  });

  it('accepts only an expiry in the future', async () => {
    const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
    expect((await create(owner, { expiresAt })).body.expiresAt).toBe(expiresAt);
    const past = { expiresAt: new Date(Date.now() - 1000).toISOString() };
    expect(await create(owner, past)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ path: 'body.expiresAt' }] },
    });
  });

  it('the owner and admins invite members, only the owner invites admins, and no one invites owners', async () => {
    expect((await create(admin)).status).toBe(201);
    expect((await create(owner, { role: 'admin' })).status).toBe(201);
    expect(await create(admin, { role: 'admin' })).toMatchObject(problem(403, 'forbidden'));
    expect(await create(owner, { role: 'owner' })).toMatchObject(problem(400, 'invalid_request'));
  });

  it('are refused for members and without a token', async () => {
    const { id } = (await create(owner)).body;
    for (const reply of [await create(member), await list(member), await remove(member, id)]) {
      expect(reply).toMatchObject(problem(403, 'forbidden'));
    }
    expect(await node.call('/invites')).toMatchObject(problem(401, 'unauthenticated'));
    expect((await remove(owner, id)).status).toBe(204);
  });

  it('refuses an admin who has become a member, even with an older access token', async () => {
    const former = await addMember(node, owner, 'former@example.org', 'admin');
    await node.pool.query("UPDATE users SET role = 'member' WHERE id = $1", [former.id]);
    expect(await create(former)).toMatchObject(problem(403, 'forbidden'));
  });

  it('lists newest first, page by page, and shows which were used', async () => {
    const first = (await create(owner)).body;
    await register(node, 'listed@example.org', first.code);
    const second = (await create(owner)).body;
    const page = (await list(admin, '?limit=1')).body;
    expect(page).toMatchObject({ invites: [{ id: second.id }], hasMore: true });
    expect(page.invites[0]).not.toHaveProperty('usedAt');
    const next = (await list(admin, `?limit=1&cursor=${page.cursor}`)).body;
    expect(next.invites[0]).toMatchObject({ id: first.id, usedAt: expect.any(String) });
    expect(await list(admin, '?cursor=x')).toMatchObject(problem(400, 'invalid_cursor'));
  });

  it('refuses an end that is after the year 9999 in UTC, and goes on listing', async () => {
    const refused = await create(owner, { expiresAt: '9999-12-31T23:59:59-01:00' });
    expect(refused).toMatchObject(problem(400, 'invalid_request'));
    expect(refused.body.errors).toMatchObject([{ path: 'body.expiresAt' }]);
    expect((await create(owner, { expiresAt: '9999-12-31T23:59:59.999Z' })).status).toBe(201);
    expect((await list(owner)).status).toBe(200);
  });

  it('lists an invite that an older version stored with an end that cannot be read', async () => {
    const { id } = (await create(owner)).body;
    await node.pool.query('ALTER TABLE invites DROP CONSTRAINT invites_expires_at_storable');
    await node.pool.query("UPDATE invites SET expires_at = '10000-01-01T00:00:00Z' WHERE id = $1", [id]);
    await node.pool.query(
      await readFile(join(migrationsPath, '20261127203000_storable_expiry/migration.sql'), 'utf8'),
    );
    const { invites } = (await list(owner)).body;
    expect(invites[0]).toMatchObject({ id, expiresAt: '9999-12-31T23:59:59.999Z' });
    await expect(
      node.pool.query("UPDATE invites SET expires_at = '10000-01-01T00:00:00Z' WHERE id = $1", [id]),
    ).rejects.toThrow('invites_expires_at_storable');
  });

  it('can be revoked once', async () => {
    const { id, code } = (await create(admin)).body;
    expect((await remove(owner, id)).status).toBe(204);
    expect(await remove(owner, id)).toMatchObject(problem(404, 'not_found'));
    expect(await register(node, 'x@example.org', code)).toMatchObject(problem(403, 'invalid_code'));
  });
});
