import { afterEach, expect, it } from '@jest/globals';
import { argon2Hasher, type PasswordHasher } from '@lazyphotos/passwords';
import { describeWithPostgres } from '@lazyphotos/testkit';
import {
  type Account,
  type AuthNode,
  claimNode,
  login,
  PASSWORD,
  refresh,
  register,
  startAuth,
} from './harness.js';

const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });
const NEXT = 'another battery horse';

const fail = () => Promise.reject(new Error('not expected to be called'));

/** Argon2 that records what was verified, and how many calls ran at a time. */
function watchedHasher() {
  const verified: string[] = [];
  let running = 0;
  let most = 0;
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    running += 1;
    most = Math.max(most, running);
    return work().finally(() => {
      running -= 1;
    });
  };
  const hasher: PasswordHasher = {
    ...argon2Hasher,
    hash: (password) => watch(() => argon2Hasher.hash(password)),
    verify: (hash, password) => {
      verified.push(hash);
      return watch(() => argon2Hasher.verify(hash, password));
    },
  };
  return { hasher, verified, most: () => most };
}

describeWithPostgres('passwords', () => {
  let node: AuthNode;
  let owner: Account;
  const watch = watchedHasher();
  const start = async () => {
    node = await startAuth({}, { overrides: { passwordHasher: watch.hasher } });
    owner = await claimNode(node);
  };
  afterEach(() => node.stop());

  const change = (token: string, currentPassword: string, newPassword: string) =>
    node.call('/auth/password', { token, json: { currentPassword, newPassword } });
  const signIn = (password: string) => node.call('/auth/login', { json: { email: owner.email, password } });

  it('verifies one hash of one cost, whether or not the e-mail has an account', async () => {
    await start();
    watch.verified.length = 0;
    await login(node, 'nobody@example.org');
    await signIn('wrong password');
    await signIn(PASSWORD);
    const costs = watch.verified.map((hash) => hash.split('$').slice(1, 4).join('$'));
    expect(costs).toEqual(Array(3).fill('argon2id$v=19$m=19456,t=2,p=1'));
    expect(watch.verified[0]).toBe(argon2Hasher.dummyHash);
  });

  it('hashes no more than two at a time', async () => {
    await start();
    const replies = await Promise.all(Array.from({ length: 8 }, () => signIn(PASSWORD)));
    expect(replies.every(({ status }) => status === 200)).toBe(true);
    expect(watch.most()).toBe(2);
  });

  it('hashes nothing for a registration without a valid code', async () => {
    node = await startAuth({}, { overrides: { passwordHasher: { ...watch.hasher, hash: fail } } });
    expect(await register(node, 'a@example.org', 'wrong')).toMatchObject(problem(403, 'invalid_code'));
  });

  it('is changed with the current one, which ends every other session', async () => {
    await start();
    const other = (await login(node, owner.email)).body;
    expect((await change(owner.token, PASSWORD, NEXT)).status).toBe(204);
    expect(await signIn(PASSWORD)).toMatchObject(problem(401, 'invalid_credentials'));
    expect((await signIn(NEXT)).status).toBe(200);
    expect(await refresh(node, other.refreshToken)).toMatchObject(problem(401, 'invalid_refresh_token'));
    expect((await refresh(node, owner.refreshToken)).status).toBe(200);
    expect(JSON.stringify(node.logs)).not.toMatch(/battery|example\.org/);
  });

  it('is not changed with a wrong one, a bad one, or by a session that has ended', async () => {
    await start();
    expect(await change(owner.token, 'wrong password', NEXT)).toMatchObject(
      problem(401, 'invalid_credentials'),
    );
    expect(await change(owner.token, PASSWORD, 'short')).toMatchObject(problem(400, 'invalid_request'));
    await node.call('/auth/logout', { json: { refreshToken: owner.refreshToken } });
    expect(await change(owner.token, PASSWORD, NEXT)).toMatchObject(problem(401, 'unauthenticated'));
    expect((await signIn(PASSWORD)).status).toBe(200);
  });

  it('is changed by one of two concurrent changes', async () => {
    await start();
    const replies = await Promise.all([
      change(owner.token, PASSWORD, NEXT),
      change(owner.token, PASSWORD, `${NEXT}!`),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 401]);
  });

  it('leaves no session that was opened with the old one at the same time', async () => {
    await start();
    const logins = Array.from({ length: 4 }, () => signIn(PASSWORD));
    const [changed, ...replies] = await Promise.all([change(owner.token, PASSWORD, NEXT), ...logins]);
    expect(changed.status).toBe(204);
    for (const { status, body } of replies) {
      expect([200, 401]).toContain(status);
      if (status === 200) expect((await refresh(node, body.refreshToken)).status).toBe(401);
    }
  });
});
