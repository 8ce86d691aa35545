import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import {
  type Account,
  type AuthNode,
  addMember,
  claimNode,
  DAY_MS,
  login,
  PASSWORD,
  refresh,
  startAuth,
} from './harness.js';

const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });
const invalid = problem(401, 'invalid_refresh_token');

describeWithPostgres('sessions', () => {
  let node: AuthNode;
  let owner: Account;
  beforeAll(async () => {
    node = await startAuth();
    owner = await claimNode(node);
  });
  afterAll(() => node.stop());

  const newSession = async (more: object = {}) => {
    const { body } = await login(node, owner.email, more);
    return { token: body.accessToken as string, refreshToken: body.refreshToken as string };
  };
  const newDevice = async (by: Account) => {
    const json = { platform: 'ios', model: 'iPhone 17', appVersion: '1.0' };
    return (await node.call('/devices/register', { token: by.token, json })).body.deviceId as string;
  };
  const logout = (refreshToken: string) => node.call('/auth/logout', { json: { refreshToken } });
  const me = (token: string) => node.call('/auth/me', { token });

  it('signs in with any case of the e-mail', async () => {
    const reply = await login(node, ' Owner@Example.ORG');
    expect(reply).toMatchObject({
      status: 200,
      body: { expiresIn: 900, user: { id: owner.id, email: owner.email, role: 'owner' } },
    });
    expect((await me(reply.body.accessToken)).status).toBe(200);
  });

  it.each([
    ['a wrong password', { email: 'owner@example.org', password: 'wrong password' }],
    ['an unknown e-mail', { email: 'nobody@example.org', password: PASSWORD }],
  ])('refuses %s with the same text', async (_what, json) => {
    const { status, body } = await node.call('/auth/login', { json });
    expect({ status, code: body.code, detail: body.detail }).toEqual({
      status: 401,
      code: 'invalid_credentials',
      detail: 'Wrong e-mail or password.',
    });
  });

  it('takes credentials only from the body', async () => {
    const query = `?email=${owner.email}&password=${encodeURIComponent(PASSWORD)}`;
    const json = { email: owner.email, password: 'wrong password' };
    expect(await node.call(`/auth/login${query}`, { json })).toMatchObject(
      problem(401, 'invalid_credentials'),
    );
  });

  it('replaces a refresh token by the next', async () => {
    let { refreshToken } = await newSession();
    const seen = new Set([refreshToken]);
    for (let round = 0; round < 3; round += 1) {
      const reply = await refresh(node, refreshToken);
      expect(reply).toMatchObject({ status: 200, body: { expiresIn: 900 } });
      expect((await me(reply.body.accessToken)).status).toBe(200);
      refreshToken = reply.body.refreshToken;
      seen.add(refreshToken);
    }
    expect(seen.size).toBe(4);
  });

  it('ends the whole session when a token is used again, and no other session', async () => {
    const other = await newSession();
    const { refreshToken } = await newSession();
    const second = await refresh(node, refreshToken);
    const third = await refresh(node, second.body.refreshToken);
    expect(await refresh(node, refreshToken)).toMatchObject(invalid);
    expect(await refresh(node, third.body.refreshToken)).toMatchObject(invalid);
    expect(await me(third.body.accessToken)).toMatchObject(problem(401, 'unauthenticated'));
    expect((await refresh(node, other.refreshToken)).status).toBe(200);
    const warnings = node.logs.filter(({ level }) => level === 'warn');
    expect(warnings.at(-1)?.fields).toEqual({ sessionId: expect.any(String) });
    expect(JSON.stringify(node.logs)).not.toContain(refreshToken);
  });

  it('accepts exactly one of several concurrent uses, and then ends the session', async () => {
    const { refreshToken } = await newSession();
    const replies = await Promise.all(Array.from({ length: 6 }, () => refresh(node, refreshToken)));
    const won = replies.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const reply of replies) if (reply !== won[0]) expect(reply).toMatchObject(invalid);
    expect(await refresh(node, won[0]?.body.refreshToken)).toMatchObject(invalid);
  });

  // A model of one family: a token is unused, used or dead with its family; each use has one correct response.
  it('follows these rules for any sequence of uses and logouts', async () => {
    const step = fc.record({ kind: fc.constantFrom('refresh', 'refresh', 'logout'), pick: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const tokens = [(await newSession()).refreshToken];
        const used = new Set<string>();
        let alive = true;
        for (const { kind, pick } of steps) {
          const token = tokens[pick % tokens.length] ?? '';
          if (kind === 'logout') {
            expect((await logout(token)).status).toBe(204);
            alive = false;
            continue;
          }
          const reply = await refresh(node, token);
          const good: boolean = alive && !used.has(token);
          expect(reply.status).toBe(good ? 200 : 401);
          alive = good;
          used.add(token);
          if (good) tokens.push(reply.body.refreshToken);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('leaves at most one valid token for any order of refreshes and logouts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('refresh', 'logout'), { minLength: 2, maxLength: 5 }),
        async (kinds) => {
          const { refreshToken } = await newSession();
          const replies = await Promise.all(
            kinds.map((kind) => (kind === 'refresh' ? refresh(node, refreshToken) : logout(refreshToken))),
          );
          const won = replies.filter(({ status }) => status === 200);
          expect(won.length).toBeLessThanOrEqual(1);
          expect(replies.every(({ status }) => [200, 204, 401].includes(status))).toBe(true);
          const survives =
            kinds.filter((kind) => kind === 'refresh').length === 1 && !kinds.includes('logout');
          for (const reply of won) {
            expect((await refresh(node, reply.body.refreshToken)).status).toBe(survives ? 200 : 401);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it.each(['x', 'A'.repeat(43), 'é'])('refuses the token %j, which it never made', async (token) => {
    expect(await refresh(node, token)).toMatchObject(invalid);
  });

  it('lasts as long as it is refreshed in time, and no longer', async () => {
    const { refreshToken } = await newSession();
    node.advance(89 * DAY_MS);
    const later = await refresh(node, refreshToken);
    expect(later.status).toBe(200);
    node.advance(89 * DAY_MS);
    const last = await refresh(node, later.body.refreshToken);
    expect(last.status).toBe(200);
    node.advance(90 * DAY_MS + 1000);
    expect(await refresh(node, last.body.refreshToken)).toMatchObject(invalid);
    node.advance(-268 * DAY_MS - 1000);
  });

  it('ends by logout, which can be repeated and takes any token', async () => {
    const { token, refreshToken } = await newSession();
    const next = (await refresh(node, refreshToken)).body.refreshToken;
    expect((await logout(refreshToken)).status).toBe(204);
    expect((await logout(refreshToken)).status).toBe(204);
    expect((await logout('never seen')).status).toBe(204);
    expect(await refresh(node, next)).toMatchObject(invalid);
    expect(await me(token)).toMatchObject(problem(401, 'unauthenticated'));
  });

  it('ends everywhere by logout-all, for this account only', async () => {
    const guest = await addMember(node, owner, 'all@example.org');
    const again = (await login(node, guest.email)).body;
    expect((await node.call('/auth/logout-all', { method: 'POST', token: again.accessToken })).status).toBe(
      204,
    );
    expect(await refresh(node, guest.refreshToken)).toMatchObject(invalid);
    expect(await refresh(node, again.refreshToken)).toMatchObject(invalid);
    expect(await me(guest.token)).toMatchObject(problem(401, 'unauthenticated'));
    expect((await me(owner.token)).status).toBe(200);
    expect(await node.call('/auth/logout-all', { method: 'POST' })).toMatchObject(
      problem(401, 'unauthenticated'),
    );
  });

  it('is bound to a device of the same account, which it keeps up to date', async () => {
    const deviceId = await newDevice(owner);
    const lastSeen = async () => {
      const { body } = await node.call('/devices', { token: owner.token });
      const device = body.devices.find(({ id }: { id: string }) => id === deviceId);
      return new Date(device.lastSeenAt).getTime();
    };
    const registered = await lastSeen();
    node.advance(60_000);
    const { refreshToken } = await newSession({ deviceId });
    const signedIn = await lastSeen();
    expect(signedIn - registered).toBeGreaterThanOrEqual(60_000);
    node.advance(60_000);
    const { body } = await refresh(node, refreshToken);
    expect((await lastSeen()) - signedIn).toBeGreaterThanOrEqual(60_000);
    const claims = JSON.parse(Buffer.from(body.accessToken.split('.')[1], 'base64url').toString());
    expect(claims.did).toBe(deviceId);
  });

  it('is not bound to a device of another account, nor to an unknown one', async () => {
    const guest = await addMember(node, owner, 'device@example.org');
    const theirs = await newDevice(guest);
    expect(await login(node, owner.email, { deviceId: theirs })).toMatchObject(problem(404, 'not_found'));
    const unknown = '019b0000-0000-7000-8000-000000000000';
    expect(await login(node, owner.email, { deviceId: unknown })).toMatchObject(problem(404, 'not_found'));
    const json = { email: owner.email, password: 'wrong password', deviceId: theirs };
    expect(await node.call('/auth/login', { json })).toMatchObject(problem(401, 'invalid_credentials'));
  });

  it('ends with its device, and with no other', async () => {
    const deviceId = await newDevice(owner);
    const there = await newSession({ deviceId });
    const elsewhere = await newSession();
    const removed = await node.call(`/devices/${deviceId}`, { method: 'DELETE', token: owner.token });
    expect(removed.status).toBe(204);
    expect(await refresh(node, there.refreshToken)).toMatchObject(invalid);
    expect((await refresh(node, elsewhere.refreshToken)).status).toBe(200);
  });

  it('ends with the removal of its device, also when it is used at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const deviceId = await newDevice(owner);
      const { refreshToken } = await newSession({ deviceId });
      const replies = await Promise.all([
        refresh(node, refreshToken),
        login(node, owner.email, { deviceId }),
        node.call(`/devices/${deviceId}`, { method: 'DELETE', token: owner.token }),
      ]);
      expect(replies[2].status).toBe(204);
      for (const reply of replies.filter(({ status }) => status === 200)) {
        expect(await refresh(node, reply.body.refreshToken)).toMatchObject(invalid);
      }
      expect(replies.every(({ status }) => status < 500)).toBe(true);
    }
  });

  it('does not work for an account that was disabled or deleted', async () => {
    const guest = await addMember(node, owner, 'gone@example.org');
    await node.pool.query('UPDATE users SET disabled_at = now() WHERE id = $1', [guest.id]);
    expect(await refresh(node, guest.refreshToken)).toMatchObject(invalid);
    expect(await login(node, guest.email)).toMatchObject(problem(401, 'invalid_credentials'));
    expect(await me(guest.token)).toMatchObject(problem(401, 'unauthenticated'));
    await node.pool.query('DELETE FROM users WHERE id = $1', [guest.id]);
    expect(await refresh(node, guest.refreshToken)).toMatchObject(invalid);
    expect(await me(guest.token)).toMatchObject(problem(401, 'unauthenticated'));
  });

  it('keeps tokens as hashes only', async () => {
    const { refreshToken } = await newSession();
    const { rows } = await node.pool.query('SELECT * FROM refresh_tokens');
    expect(JSON.stringify(rows)).not.toContain(refreshToken);
    expect(rows.every((row) => row.hash.length === 32)).toBe(true);
  });
});

describeWithPostgres('the sweep', () => {
  it('removes expired sessions and tokens at the start, and keeps open sessions', async () => {
    const node = await startAuth();
    const owner = await claimNode(node);
    const next = await refresh(node, owner.refreshToken);
    const { body: other } = await login(node, owner.email);
    await node.pool.query("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id <> $1", [
      JSON.parse(Buffer.from(owner.token.split('.')[1] ?? '', 'base64url').toString()).sid,
    ]);
    await node.pool.query("UPDATE refresh_tokens SET issued_at = now() - interval '91 days'");
    await node.service.stop();
    const again = await startAuth({}, { fixture: node.fixture });
    await again.service.stop();
    const { rows } = await node.pool.query('SELECT count(*)::int AS tokens FROM refresh_tokens');
    expect(rows).toEqual([{ tokens: 1 }]);
    expect(await refresh(again, other.refreshToken)).toMatchObject(invalid);
    expect((await refresh(again, next.body.refreshToken)).status).toBe(200);
    await again.stop();
    await node.stop();
  });
});
