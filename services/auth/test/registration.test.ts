import { afterEach, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import {
  type Account,
  type AuthNode,
  claimNode,
  DAY_MS,
  invite,
  login,
  PASSWORD,
  register,
  startAuth,
} from './harness.js';

const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });

describeWithPostgres('registration', () => {
  let node: AuthNode;
  let owner: Account;
  const start = async (registration: 'closed' | 'invite' | 'open') => {
    node = await startAuth({ registration });
    owner = await claimNode(node);
  };
  const usersNamed = async (email: string) => {
    const { rows } = await node.pool.query('SELECT role FROM users WHERE email = $1', [email]);
    return rows;
  };
  afterEach(() => node.stop());

  it('needs the claim code before the node is claimed, and takes it more than once', async () => {
    node = await startAuth({ registration: 'closed' });
    const code = await node.service.claimCode();
    expect(await register(node, 'a@example.org')).toMatchObject(problem(403, 'invalid_code'));
    expect(await register(node, 'a@example.org', '0000-0000-0000')).toMatchObject(
      problem(403, 'invalid_code'),
    );
    expect((await register(node, 'a@example.org', code)).status).toBe(201);
    expect((await register(node, 'b@example.org', code)).status).toBe(201);
    expect(await register(node, 'A@example.org ', code)).toMatchObject(problem(409, 'email_taken'));
  });

  it('signs the new account in and keeps its e-mail in lower case', async () => {
    node = await startAuth();
    const json = {
      email: 'Anna@Example.org',
      password: PASSWORD,
      displayName: 'Anna',
      code: await node.service.claimCode(),
    };
    const { status, body, headers } = await node.call('/auth/register', { json });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      user: {
        id: expect.any(String),
        email: 'anna@example.org',
        createdAt: expect.any(String),
        displayName: 'Anna',
        role: 'member',
      },
      accessToken: expect.any(String),
      refreshToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresIn: 900,
    });
    expect((await node.call('/auth/me', { token: body.accessToken })).body).toEqual(body.user);
  });

  it.each([
    ['an e-mail that is none', { email: 'anna', password: PASSWORD }, 'body.email'],
    ['a short password', { email: 'a@example.org', password: '1234567' }, 'body.password'],
    ['a huge password', { email: 'a@example.org', password: 'x'.repeat(257) }, 'body.password'],
    ['a body that is not an object', 'anna', 'body'],
  ])('refuses %s', async (_what, json, path) => {
    node = await startAuth();
    const reply = await node.call('/auth/register', { method: 'POST', json });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ path }] } });
  });

  it('is closed with the setting "closed"', async () => {
    await start('closed');
    expect(await register(node, 'a@example.org')).toMatchObject(problem(403, 'registration_closed'));
    const code = await invite(node, owner);
    expect(await register(node, 'a@example.org', code)).toMatchObject(problem(403, 'registration_closed'));
  });

  it('is free on an open node, where an invite still gives its role', async () => {
    await start('open');
    expect((await register(node, 'a@example.org')).body.user.role).toBe('member');
    expect(await register(node, 'a@example.org')).toMatchObject(problem(409, 'email_taken'));
    const admin = await register(node, 'b@example.org', await invite(node, owner, { role: 'admin' }));
    expect(admin.body.user.role).toBe('admin');
  });

  it('reveals nothing about accounts without a valid invite', async () => {
    await start('invite');
    expect(await register(node, owner.email)).toMatchObject(problem(403, 'invalid_code'));
    expect(await register(node, owner.email, 'wrong')).toMatchObject(problem(403, 'invalid_code'));
    const code = await invite(node, owner);
    expect(await register(node, owner.email, code)).toMatchObject(problem(409, 'email_taken'));
    // The refusal has not used the invite up.
    expect((await register(node, 'a@example.org', code)).status).toBe(201);
    expect(await register(node, 'b@example.org', code)).toMatchObject(problem(403, 'invalid_code'));
  });

  it('accepts an invite for one e-mail only from that e-mail', async () => {
    await start('invite');
    const code = await invite(node, owner, { email: 'Anna@example.org', role: 'admin' });
    expect(await register(node, 'bert@example.org', code)).toMatchObject(problem(403, 'invalid_code'));
    expect((await register(node, 'anna@example.org', code.toLowerCase())).body.user.role).toBe('admin');
  });

  it('refuses an invite that has expired or was revoked', async () => {
    await start('invite');
    const code = await invite(node, owner);
    node.advance(7 * DAY_MS + 1000);
    expect(await register(node, 'a@example.org', code)).toMatchObject(problem(403, 'invalid_code'));
    const { body } = await node.call('/invites', { token: owner.token, json: {} });
    await node.call(`/invites/${body.id}`, { method: 'DELETE', token: owner.token });
    expect(await register(node, 'a@example.org', body.code)).toMatchObject(problem(403, 'invalid_code'));
  });

  it('admits one of many concurrent registrations with the same invite', async () => {
    await start('invite');
    const code = await invite(node, owner);
    const emails = Array.from({ length: 8 }, (_, index) => `guest${index}@example.org`);
    const replies = await Promise.all(emails.map((email) => register(node, email, code)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(403)]);
    const { rows } = await node.pool.query('SELECT 1 FROM users');
    expect(rows).toHaveLength(2);
  });

  it('makes one account for many concurrent registrations of the same e-mail', async () => {
    await start('open');
    const replies = await Promise.all(Array.from({ length: 6 }, () => register(node, 'a@example.org')));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await usersNamed('a@example.org')).toEqual([{ role: 'member' }]);
  });

  it('ignores a role in the request', async () => {
    await start('open');
    const json = { email: 'a@example.org', password: PASSWORD, role: 'owner', disabledAt: null };
    expect((await node.call('/auth/register', { json })).body.user.role).toBe('member');
    expect((await login(node, 'a@example.org')).body.user.role).toBe('member');
  });
});
