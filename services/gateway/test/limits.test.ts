import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@lazyphotos/database';
import { createTestDatabase, describeWithPostgres, eventually, type HttpReply } from '@lazyphotos/testkit';
import {
  createGround,
  type Gateway,
  type GatewayOptions,
  type Ground,
  startGateway,
  tokenOf,
} from './harness.js';

const open: Gateway[] = [];
const grounds: Ground[] = [];

afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop();
  for (const ground of grounds.splice(0)) await ground.remove();
});

async function start(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway(options);
  open.push(gateway);
  return gateway;
}

async function sharedGround(): Promise<Ground> {
  const ground = await createGround();
  grounds.push(ground);
  return ground;
}

/** Makes the auth service respond with this status. */
function authAnswers(gateway: Gateway, status: number): void {
  gateway.services.auth.handle = (req, res) => {
    req.resume();
    res.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  };
}

const login = (gateway: Gateway, from?: string): Promise<HttpReply> =>
  gateway.call('/auth/login', { json: {}, ...(from ? { headers: { 'x-forwarded-for': from } } : {}) });

const statuses = async (count: number, attempt: () => Promise<HttpReply>): Promise<number[]> => {
  const seen: number[] = [];
  for (let index = 0; index < count; index++) seen.push((await attempt()).status);
  return seen;
};

describeWithPostgres('attempts to guess a secret', () => {
  describe('the password of a share link', () => {
    const [one, two] = ['1'.repeat(43), '2'.repeat(43)];
    const unlock = (gateway: Gateway, token: string, from: string) =>
      gateway.call(`/share-links/${token}/unlock`, {
        json: { password: 'x' },
        headers: { 'x-forwarded-for': from },
      });
    const respondWith = (gateway: Gateway, status: number) => {
      gateway.services.catalog.handle = (req, res) => {
        req.resume();
        res.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      };
    };
    const settings = { signInAttempts: 2, trustedProxies: ['loopback'] };

    it('is refused to a client that has guessed too often, at any link', async () => {
      const gateway = await start({ settings });
      respondWith(gateway, 403);
      const guess = () => unlock(gateway, one, '192.0.2.1');
      expect(await statuses(3, guess)).toEqual([403, 403, 429]);
      expect((await unlock(gateway, two, '192.0.2.1')).status).toBe(429);
      expect((await unlock(gateway, one, '192.0.2.2')).status).toBe(403);
    });

    it('is refused to everybody once a link was guessed at too often from many addresses; other links are not', async () => {
      const gateway = await start({ settings });
      respondWith(gateway, 403);
      let client = 0;
      const guess = () => {
        client += 1;
        return unlock(gateway, one, `198.51.100.${client}`);
      };
      expect(await statuses(9, guess)).toEqual([...Array(8).fill(403), 429]);
      respondWith(gateway, 200);
      const refused = await guess();
      expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await unlock(gateway, two, '203.0.113.1')).status).toBe(200);
    });

    it('may be given as often as it is right', async () => {
      const gateway = await start({ settings });
      respondWith(gateway, 200);
      const attempts = await statuses(12, () => unlock(gateway, one, '192.0.2.1'));
      expect(new Set(attempts)).toEqual(new Set([200]));
    });

    it('leaves no token in the table of attempts', async () => {
      const ground = await sharedGround();
      const gateway = await start({ settings, ground });
      respondWith(gateway, 403);
      await unlock(gateway, one, '192.0.2.1');
      const database = openDatabase({ url: ground.url, poolSize: 1, applicationName: 'limits-test' });
      try {
        const { rows } = await database.pool.query('SELECT key FROM rate_limits');
        expect(rows.length).toBeGreaterThanOrEqual(2);
        expect(JSON.stringify(rows)).not.toContain(one);
      } finally {
        await database.close();
      }
    });
  });

  it.each([
    ['/auth/login', 401],
    ['/auth/register', 403],
  ])('%s is refused after too many failures', async (path, status) => {
    const gateway = await start({ settings: { signInAttempts: 3 } });
    authAnswers(gateway, status);
    const attempt = () => gateway.call(path, { json: {} });
    expect(await statuses(3, attempt)).toEqual([status, status, status]);
    const refused = await attempt();
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', instance: path } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(200);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(300);
    expect(gateway.services.auth.seen).toHaveLength(3);
  });

  it('a refresh does not count, and still works after too many failures to sign in', async () => {
    const gateway = await start({ settings: { signInAttempts: 2 } });
    authAnswers(gateway, 401);
    expect(await statuses(3, () => login(gateway))).toEqual([401, 401, 429]);
    const refresh = () => gateway.call('/auth/refresh', { json: {} });
    expect(await statuses(3, refresh)).toEqual([401, 401, 401]);
  });

  it('a claim with a wrong code, or without a token, counts as well', async () => {
    const gateway = await start({ settings: { signInAttempts: 2 } });
    authAnswers(gateway, 403);
    const claim = (token?: string) => gateway.call('/servers/claim', { json: {}, token });
    expect((await claim()).status).toBe(401);
    expect((await claim(tokenOf())).status).toBe(403);
    expect((await claim(tokenOf())).status).toBe(429);
    // A client that is refused here is refused at the other sign-in endpoints, too, and at no others.
    expect((await login(gateway)).status).toBe(429);
    expect((await gateway.call('/albums', { token: tokenOf() })).status).toBe(200);
  });

  it('those that succeed, and those that are merely malformed, do not count', async () => {
    const gateway = await start({ settings: { signInAttempts: 2 } });
    for (const status of [200, 400, 409, 503]) {
      authAnswers(gateway, status);
      expect(new Set(await statuses(4, () => login(gateway)))).toEqual(new Set([status]));
    }
    authAnswers(gateway, 401);
    expect(await statuses(3, () => login(gateway))).toEqual([401, 401, 429]);
  });

  it('that come all at once get no further than those that come one by one', async () => {
    const gateway = await start({ settings: { signInAttempts: 5 } });
    let refused = 0;
    // None is answered before all have been let in or refused.
    gateway.services.auth.handle = async (req, res) => {
      req.resume();
      await eventually(() => expect(refused).toBe(35));
      res.writeHead(401).end();
    };
    const attempt = async () => {
      const { status } = await login(gateway);
      if (status === 429) refused += 1;
      return status;
    };
    const statuses = await Promise.all(Array.from({ length: 40 }, attempt));
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(gateway.services.auth.seen).toHaveLength(5);
  });

  it('whose client does not wait for the response count as well', async () => {
    const gateway = await start({ settings: { signInAttempts: 2 } });
    gateway.services.auth.handle = (req) => req.resume();
    for (const count of [1, 2]) {
      const aborting = new AbortController();
      const attempt = gateway.call('/auth/login', { json: {}, signal: aborting.signal });
      const failed = expect(attempt).rejects.toThrow();
      await eventually(() => expect(gateway.services.auth.seen).toHaveLength(count));
      aborting.abort();
      await failed;
    }
    expect((await login(gateway)).status).toBe(429);
  });

  it('are remembered by a gateway that is started again, and by another one beside it', async () => {
    const ground = await sharedGround();
    const first = await start({ ground, settings: { signInAttempts: 3 } });
    authAnswers(first, 401);
    await statuses(2, () => login(first));
    const second = await start({ ground, settings: { signInAttempts: 3 } });
    authAnswers(second, 401);
    expect(await statuses(2, () => login(second))).toEqual([401, 429]);
    await first.stop();
    open.splice(open.indexOf(first), 1);
    expect((await login(second)).status).toBe(429);
  });

  it('are limited, too, while the database is away', async () => {
    const lost = await createTestDatabase('gateway_lost');
    await lost.drop();
    const gateway = await start({ databaseUrl: lost.url, settings: { signInAttempts: 3 } });
    authAnswers(gateway, 401);
    expect(await statuses(4, () => login(gateway))).toEqual([401, 401, 401, 429]);
    authAnswers(gateway, 200);
    expect((await login(gateway)).status).toBe(429);
  });
});

describeWithPostgres('the address that attempts are counted by', () => {
  it('is that of the connection, not that of X-Forwarded-For', async () => {
    const gateway = await start({ settings: { signInAttempts: 2 } });
    authAnswers(gateway, 401);
    let host = 0;
    const attempt = () => login(gateway, `203.0.113.${host++}`);
    expect(await statuses(3, attempt)).toEqual([401, 401, 429]);
  });

  it('is what a trusted proxy says', async () => {
    const gateway = await start({ settings: { signInAttempts: 2, trustedProxies: ['loopback'] } });
    authAnswers(gateway, 401);
    expect(await statuses(3, () => login(gateway, '203.0.113.1'))).toEqual([401, 401, 429]);
    expect(await statuses(3, () => login(gateway, '203.0.113.2'))).toEqual([401, 401, 429]);
    // The client's value stands before the one that the proxy adds, and is not trusted.
    expect((await login(gateway, '198.51.100.7, 203.0.113.2')).status).toBe(429);
    // A household has 2^64 addresses of IPv6.
    expect(await statuses(2, () => login(gateway, '2001:db8:1:2::1'))).toEqual([401, 401]);
    expect((await login(gateway, '2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await login(gateway, '2001:db8:1:3::1')).status).toBe(401);
    expect((await login(gateway, `${'x'.repeat(400)}`)).status).toBe(401);
  });
});

describeWithPostgres('requests without a token', () => {
  it('are limited in a minute; those with a token are not', async () => {
    const gateway = await start({ settings: { requestsPerMinute: 3 } });
    const status = () => gateway.call('/servers/status');
    expect(await statuses(4, status)).toEqual([200, 200, 200, 429]);
    const refused = await status();
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await gateway.call('/albums', { token: tokenOf() })).status).toBe(200);
  });
});
