import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { createServiceKeys, http, type Listening, listen } from '@lazyphotos/testkit';
import jwt from 'jsonwebtoken';
import {
  createAuthenticate,
  type JsonWebKeySet,
  type KeySetSource,
  Peers,
  remoteKeySet,
} from '../src/index.js';
import { identityOf } from '../src/testing.js';
import { createSigningKey, serveEndpoint, type TestApp, whoAmI } from './helpers.js';

describe('authentication', () => {
  const key = createSigningKey('key-1');
  const peers = new Peers(identityOf('catalog', createServiceKeys()));
  afterAll(() => peers.close());
  const open: Listening[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  const serve = async (source: KeySetSource = async () => key.keySet()): Promise<TestApp> => {
    const app = await serveEndpoint(whoAmI, async ({ principal }) => principal, {
      authenticate: createAuthenticate(source),
      validateAnswers: false,
    });
    open.push(app);
    return app;
  };
  const ask = async (token: string | undefined, source?: KeySetSource) =>
    http(`${(await serve(source)).url}/me`, { token });
  const unauthenticated = { status: 401, body: { code: 'unauthenticated' } };

  test('a good token names the user', async () => {
    const claims = { ...key.claims(), role: 'owner', did: randomUUID() };
    expect(await ask(key.token(claims))).toMatchObject({
      status: 200,
      body: { userId: claims.sub, role: 'owner', sessionId: claims.sid, deviceId: claims.did },
    });
  });

  test('a missing or malformed token is refused', async () => {
    for (const token of [undefined, '', 'nonsense', 'a.b.c']) {
      const reply = await ask(token);
      expect(reply).toMatchObject(unauthenticated);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    }
    const { url } = await serve();
    const basic = await http(`${url}/me`, { headers: { authorization: 'Basic abc' } });
    expect(basic).toMatchObject(unauthenticated);
    expect(await http(`${url}/me?access_token=${key.token()}`)).toMatchObject(unauthenticated);
  });

  test.each<[string, () => string]>([
    ['an expired one', () => key.token(undefined, { expiresIn: -1 })],
    ['one that is not good yet', () => key.token(undefined, { notBefore: 60 })],
    ['one for another audience', () => key.token(undefined, { audience: 'another-api' })],
    ['one of another issuer', () => key.token(undefined, { issuer: 'somebody' })],
    ['one of an unknown key', () => createSigningKey('key-2').token()],
    ['one of another key under this name', () => createSigningKey('key-1').token()],
    ['one without a key id', () => key.token(undefined, { keyid: '' })],
    ['one without a subject', () => key.token({ role: 'member', sid: randomUUID() })],
    ['one whose subject is not an id', () => key.token({ ...key.claims(), sub: 'me' })],
    ['one of an unknown role', () => key.token({ ...key.claims(), role: 'god' })],
    [
      'an unsigned one',
      () => jwt.sign(key.claims(), '', { algorithm: 'none', keyid: 'key-1', issuer: 'lazyphotos' }),
    ],
    [
      'one signed with the public key as if it were a secret',
      () => {
        const [header, payload] = [{ alg: 'HS256', typ: 'JWT', kid: 'key-1' }, jwt.decode(key.token())];
        const secret = key.publicKey.export({ format: 'pem', type: 'spki' }) as string;
        const unsigned = [header, payload].map((part) =>
          Buffer.from(JSON.stringify(part)).toString('base64url'),
        );
        const { createHmac } = process.getBuiltinModule('node:crypto');
        const signature = createHmac('sha256', secret).update(unsigned.join('.')).digest('base64url');
        return [...unsigned, signature].join('.');
      },
    ],
    [
      'one that was changed',
      () => key.token().replace(/\.(.)/, (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`),
    ],
  ])('refuses %s', async (_title, make) => {
    expect(await ask(make())).toMatchObject(unauthenticated);
  });

  describe('a token that was good before', () => {
    afterEach(() => {
      jest.restoreAllMocks();
    });
    const status = async ({ url }: TestApp, token: string) => (await http(`${url}/me`, { token })).status;
    const served = async (token: string, source?: KeySetSource) => {
      const app = await serve(source);
      for (let count = 0; count < 2; count += 1) expect(await status(app, token)).toBe(200);
      return app;
    };

    test('is verified once, also when the same keys are read again', async () => {
      const verifications = jest.spyOn(jwt, 'verify');
      const token = key.token();
      const app = await served(token);
      expect(verifications).toHaveBeenCalledTimes(1);
      // Makes the service read the set again.
      expect(await status(app, createSigningKey('key-2').token())).toBe(401);
      verifications.mockClear();
      expect(await status(app, token)).toBe(200);
      expect(verifications).not.toHaveBeenCalled();
    });

    test('is refused once it has expired', async () => {
      const token = key.token(undefined, { expiresIn: 60 });
      const { exp = 0 } = jwt.decode(token) as jwt.JwtPayload;
      const app = await served(token);
      const clock = jest.spyOn(Date, 'now').mockReturnValue(exp * 1000 - 1);
      expect(await status(app, token)).toBe(200);
      clock.mockReturnValue(exp * 1000);
      expect(await status(app, token)).toBe(401);
    });

    test.each<[string, () => JsonWebKeySet]>([
      ['is not in the key set any more', () => createSigningKey('key-2').keySet()],
      ['was replaced under its name', () => createSigningKey('key-1').keySet()],
    ])('is refused when its key %s', async (_title, replacement) => {
      let keys = key.keySet();
      const token = key.token();
      const app = await served(token, async () => keys);
      keys = replacement();
      // Makes the service read the set again.
      expect(await status(app, createSigningKey('key-3').token())).toBe(401);
      expect(await status(app, token)).toBe(401);
    });

    test('gives nothing to one that differs from it', async () => {
      const token = key.token();
      const app = await served(token);
      const [header, payload, signature = ''] = token.split('.');
      const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      expect(await status(app, [header, payload, other].join('.'))).toBe(401);
      expect(await status(app, [header, payload, ''].join('.'))).toBe(401);
      expect(await status(app, token)).toBe(200);
    });
  });

  test('keys that cannot be read give a 503, not a 401', async () => {
    for (const source of [
      () => Promise.reject(new Error('down')),
      async () => ({ keys: [] }),
      async () => ({}) as JsonWebKeySet,
      remoteKeySet(peers, 'http://127.0.0.1:1'),
    ]) {
      const reply = await ask(key.token(), source);
      expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
      expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
    }
  });

  test('while the keys cannot be read, requests are 503 and share the reads', async () => {
    let reads = 0;
    const { url } = await serve(async () => {
      reads += 1;
      throw new Error('down');
    });
    const token = key.token();
    const replies = await Promise.all(Array.from({ length: 50 }, () => http(`${url}/me`, { token })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]));
    expect(reads).toBeLessThan(25);
  });

  test('tokens with made-up keys are refused, share the reads and do not disturb good ones', async () => {
    let reads = 0;
    const { url } = await serve(async () => {
      reads += 1;
      return key.keySet();
    });
    const forge = (number: number) => createSigningKey(`forged-${number}`).token();
    const forged = Array.from({ length: 50 }, (_, number) => forge(number));
    const replies = await Promise.all(forged.map((token) => http(`${url}/me`, { token })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401]));
    expect(reads).toBeLessThan(25);
    expect((await http(`${url}/me`, { token: key.token() })).status).toBe(200);
  });

  test('a key that is new is found while made-up ones are tried without end', async () => {
    const next = createSigningKey('key-2');
    let keys = key.keySet();
    const { url } = await serve(async () => keys);
    let isOver = false;
    const flood = async (name: string) => {
      for (let count = 0; !isOver; count += 1)
        await http(`${url}/me`, { token: createSigningKey(`${name}-${count}`).token() });
    };
    const floods = Promise.all(['a', 'b', 'c', 'd'].map(flood));
    expect((await http(`${url}/me`, { token: next.token() })).status).toBe(401);
    keys = { keys: [...key.keySet().keys, ...next.keySet().keys] };
    expect((await http(`${url}/me`, { token: next.token() })).status).toBe(200);
    isOver = true;
    await floods;
  });

  test('keys are read once, and again for a key that is new', async () => {
    const next = createSigningKey('key-2');
    let keys = key.keySet();
    let reads = 0;
    const { url } = await serve(async () => {
      reads += 1;
      return keys;
    });
    for (let count = 0; count < 5; count += 1) {
      expect((await http(`${url}/me`, { token: key.token() })).status).toBe(200);
    }
    expect(reads).toBe(1);
    expect((await http(`${url}/me`, { token: next.token() })).status).toBe(401);
    keys = { keys: [...key.keySet().keys, ...next.keySet().keys] };
    expect((await http(`${url}/me`, { token: next.token() })).status).toBe(200);
    expect((await http(`${url}/me`, { token: key.token() })).status).toBe(200);
  });

  test('the keys are read from the auth service over HTTP', async () => {
    const auth = await listen((req, res) => {
      const found = req.url === '/.well-known/jwks.json';
      res.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify(found ? key.keySet() : {}));
    });
    open.push(auth);
    expect((await ask(key.token(), remoteKeySet(peers, auth.url))).status).toBe(200);
    expect((await ask(key.token(), remoteKeySet(peers, `${auth.url}/elsewhere`))).status).toBe(503);
  });
});
