import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import jwt from 'jsonwebtoken';
import { createFileKeyStore } from '../src/index.js';
import {
  type Account,
  type AuthNode,
  claimNode,
  createFixture,
  type Fixture,
  login,
  startAuth,
} from './harness.js';

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const newKeyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

describeWithPostgres('access tokens', () => {
  let fixture: Fixture;
  let node: AuthNode;
  let owner: Account;
  let claims: Record<string, unknown>;
  beforeEach(async () => {
    fixture = await createFixture();
    node = await startAuth({}, { fixture });
    owner = await claimNode(node);
    claims = jwt.decode(owner.token) as Record<string, unknown>;
  });
  afterEach(async () => {
    await node.stop();
    await fixture.remove();
  });

  const me = (token: string) => node.call('/auth/me', { token }).then(({ status }) => status);
  const keyFiles = () => readdir(fixture.keysDir);
  const readKey = async () => {
    const [name = ''] = await keyFiles();
    return JSON.parse(await readFile(join(fixture.keysDir, name), 'utf8'));
  };
  const jwks = async () => (await node.call('/.well-known/jwks.json')).body.keys;

  it('name the user, the role and the session, and are valid for fifteen minutes', () => {
    expect(jwt.decode(owner.token, { complete: true })).toMatchObject({
      header: { alg: 'ES256', kid: expect.any(String) },
      payload: {
        sub: owner.id,
        role: 'member',
        sid: expect.any(String),
        iss: 'lazyphotos',
        aud: 'lazyphotos-api',
      },
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
    expect(claims).not.toHaveProperty('did');
    expect(JSON.stringify(claims)).not.toContain(owner.email);
  });

  it('are verified by the published keys, of which only the public part is shown', async () => {
    const reply = await node.call('/.well-known/jwks.json');
    expect(reply.headers.get('cache-control')).toBe('public, max-age=300');
    const [key] = reply.body.keys;
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(reply.text).not.toContain((await readKey()).d);
    const verified = jwt.verify(owner.token, createPublicKey({ key, format: 'jwk' }), {
      algorithms: ['ES256'],
    });
    expect(verified).toEqual(claims);
    expect(await node.service.keySet()).toEqual(reply.body);
  });

  it('are refused when any part is forged', async () => {
    const [key] = await jwks();
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const [header = '', payload = '', signature = ''] = owner.token.split('.');
    const asSecret = publicKey.export({ type: 'spki', format: 'pem' });
    const hs256 = `${b64({ alg: 'HS256', typ: 'JWT', kid: key.kid })}.${payload}`;
    const hmac = (secret: string | Buffer) => createHmac('sha256', secret).update(hs256).digest('base64url');
    const stranger = newKeyPair().privateKey;
    const forged = {
      'no algorithm': `${b64({ alg: 'none', typ: 'JWT', kid: key.kid })}.${payload}.`,
      'no algorithm, old signature': `${b64({ alg: 'none', kid: key.kid })}.${payload}.${signature}`,
      'the public key as a secret': `${hs256}.${hmac(asSecret)}`,
      'the JWK as a secret': `${hs256}.${hmac(JSON.stringify(key))}`,
      'another payload': `${header}.${b64({ ...claims, role: 'owner' })}.${signature}`,
      'another key under the same kid': jwt.sign(claims, stranger, { algorithm: 'ES256', keyid: key.kid }),
      'a key of its own': jwt.sign(claims, stranger, { algorithm: 'ES256', keyid: newId() }),
      'a path for a key': jwt.sign(claims, stranger, { algorithm: 'ES256', keyid: '../../etc/passwd' }),
      'no key id': jwt.sign(claims, stranger, { algorithm: 'ES256' }),
      'no signature': `${header}.${payload}.`,
      nothing: '',
      'a refresh token': owner.refreshToken,
    };
    for (const [what, token] of Object.entries(forged)) {
      expect({ what, status: await me(token) }).toEqual({ what, status: 401 });
    }
    expect(await me(owner.token)).toBe(200);
  });

  it('are refused with other claims, though this node has signed them', async () => {
    const jwk = await readKey();
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const signed = (changes: object) =>
      jwt.sign({ ...claims, ...changes }, privateKey, { algorithm: 'ES256', keyid: jwk.kid });
    expect(await me(signed({}))).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    const wrong = [
      { iss: 'somebody' },
      { aud: 'something' },
      { exp: now - 1 },
      { nbf: now + 60 },
      { role: 'root' },
      { sub: 'nobody' },
      { sid: newId() },
      { sub: newId() },
    ];
    for (const changes of wrong) expect([changes, await me(signed(changes))]).toEqual([changes, 401]);
  });

  it('expire', async () => {
    node.advance(-901_000);
    expect(await me((await login(node, owner.email)).body.accessToken)).toBe(401);
    node.advance(901_000);
    expect(await me((await login(node, owner.email)).body.accessToken)).toBe(200);
  });

  it('are signed with a key that only the service can read, also after a restart', async () => {
    expect((await stat(fixture.keysDir)).mode & 0o777).toBe(0o700);
    const [name = '', ...more] = await keyFiles();
    expect(more).toEqual([]);
    expect((await stat(join(fixture.keysDir, name))).mode & 0o777).toBe(0o600);
    const before = await jwks();
    await node.stop();
    node = await startAuth({}, { fixture });
    expect(await jwks()).toEqual(before);
    expect(await me(owner.token)).toBe(200);
  });

  it('are signed with the newest key, while the older ones still verify', async () => {
    const store = createFileKeyStore(fixture.keysDir);
    const { privateKey } = newKeyPair();
    const jwk = privateKey.export({ format: 'jwk' }) as Record<'x' | 'y' | 'd', string>;
    const kid = newId();
    await store.save({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, d: jwk.d, kid });
    expect((await jwks()).map((key: { kid: string }) => key.kid)).toEqual([
      kid,
      expect.not.stringMatching(kid),
    ]);
    const fresh = (await login(node, owner.email)).body.accessToken;
    expect(jwt.decode(fresh, { complete: true })?.header.kid).toBe(kid);
    expect([await me(fresh), await me(owner.token)]).toEqual([200, 200]);
  });

  it('of one replica are valid at another that started at the same moment', async () => {
    await node.stop();
    await rm(fixture.keysDir, { recursive: true });
    const [one, two] = await Promise.all([startAuth({}, { fixture }), startAuth({}, { fixture })]);
    const tokens = await Promise.all([one, two].map((replica) => login(replica, owner.email)));
    for (const { body } of tokens) {
      for (const replica of [one, two]) {
        expect((await replica.call('/auth/me', { token: body.accessToken })).status).toBe(200);
      }
    }
    await two.stop();
    node = one;
  });

  it('fail with an error that names a broken key file, without its content', async () => {
    await writeFile(join(fixture.keysDir, 'broken.json'), '{"d":"secret"');
    const failure = createFileKeyStore(fixture.keysDir).load();
    await expect(failure).rejects.toThrow(/broken\.json is not a signing key/);
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});

describe('a key file store', () => {
  it('closes a folder that others could read', async () => {
    const keysDir = await mkdtemp(join(tmpdir(), 'lazyphotos-keys-'));
    await chmod(keysDir, 0o755);
    const { privateKey } = newKeyPair();
    const jwk = privateKey.export({ format: 'jwk' }) as Record<'x' | 'y' | 'd', string>;
    await createFileKeyStore(keysDir).save({ ...jwk, kty: 'EC', crv: 'P-256', kid: newId() });
    expect((await stat(keysDir)).mode & 0o777).toBe(0o700);
    await rm(keysDir, { recursive: true });
  });
});
