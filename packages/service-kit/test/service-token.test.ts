import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ServiceName } from '@lazyphotos/contracts';
import { createServiceKeys } from '@lazyphotos/testkit';
import jwt from 'jsonwebtoken';
import { ServiceTokens, ServiceTokenVerifier } from '../src/auth/service-tokens.js';
import { identityOf } from '../src/testing.js';
import { without } from './identities.js';

const keys = createServiceKeys();
const upload = identityOf('upload', keys);
const catalog = identityOf('catalog', keys);
const START = Date.UTC(2026, 0, 1);

/** Both sides with one clock, in seconds after the start. */
function atTime() {
  let seconds = 0;
  const now = () => START + seconds * 1000;
  const tokens = new ServiceTokens(upload, now);
  const verifier = new ServiceTokenVerifier(catalog, now);
  return {
    now,
    tokenFor: (audience: ServiceName) => tokens.tokenFor(audience),
    callerOf: (token: string) => verifier.callerOf(token),
    pass: (more: number) => {
      seconds += more;
    },
  };
}

/** A token as `upload` would make it, with the changes of the test. */
const tokenWith = (options: jwt.SignOptions, payload: object = {}, key = upload.privateKey) =>
  jwt.sign({ iat: START / 1000, ...payload }, key, {
    algorithm: 'ES256',
    issuer: 'upload',
    audience: 'catalog',
    expiresIn: 60,
    ...options,
  });
/** What makes a token good; each refused one differs in one thing only. */
const CLAIMS = { iss: 'upload', aud: 'catalog', iat: START / 1000, exp: START / 1000 + 60 };
const lacking = (claim: keyof typeof CLAIMS) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([name]) => name !== claim));
const publicKeyOf = (name: ServiceName) =>
  String(catalog.peerKeys.get(name)?.export({ type: 'spki', format: 'pem' }));
const refusal = (token: string) => () => new ServiceTokenVerifier(catalog, () => START).callerOf(token);

describe('a service token', () => {
  test('says who calls whom, for two minutes', () => {
    const { tokenFor, callerOf } = atTime();
    const token = tokenFor('catalog');
    expect(callerOf(token)).toBe('upload');
    expect(jwt.decode(token, { complete: true })).toMatchObject({
      header: { alg: 'ES256' },
      payload: { iss: 'upload', aud: 'catalog', iat: START / 1000, exp: START / 1000 + 120 },
    });
  });

  test('is made once for each service, and again well before it expires', () => {
    const { tokenFor, callerOf, pass } = atTime();
    const first = tokenFor('catalog');
    expect(tokenFor('catalog')).toBe(first);
    expect(tokenFor('feed')).not.toBe(first);
    pass(59);
    expect(tokenFor('catalog')).toBe(first);
    pass(1);
    const second = tokenFor('catalog');
    expect(second).not.toBe(first);
    expect([callerOf(first), callerOf(second)]).toEqual(['upload', 'upload']);
  });

  test('expires, also after it was verified, with a tolerance for clocks that differ', () => {
    const { tokenFor, callerOf, pass } = atTime();
    const token = tokenFor('catalog');
    pass(140);
    expect(callerOf(token)).toBe('upload');
    pass(15);
    expect(() => callerOf(token)).toThrow('expired');
  });

  test('of a clock that is a little ahead is good', () => {
    const { callerOf } = atTime();
    const ahead = new ServiceTokens(upload, () => START + 25_000);
    expect(callerOf(ahead.tokenFor('catalog'))).toBe('upload');
  });

  test('is kept for a limited number of callers; the others are verified again', () => {
    const { callerOf } = atTime();
    const tokens = Array.from({ length: 400 }, (_, id) => tokenWith({ jwtid: String(id) }));
    for (const token of [...tokens, ...tokens]) expect(callerOf(token)).toBe('upload');
  });

  test.each<[string, () => string]>([
    ['nothing', () => ''],
    ['nonsense', () => 'a.b.c'],
    ['a token for another service', () => tokenWith({ audience: 'feed' })],
    [
      'a token without an audience',
      () => jwt.sign(lacking('aud'), upload.privateKey, { algorithm: 'ES256' }),
    ],
    ['an expired token', () => tokenWith({}, { iat: START / 1000 - 120 })],
    [
      'a token that is good for too long',
      () => tokenWith({ expiresIn: 86_400 }, { iat: START / 1000 - 600 }),
    ],
    ['a token that never expires', () => jwt.sign(lacking('exp'), upload.privateKey, { algorithm: 'ES256' })],
    ['a token of somebody unknown', () => tokenWith({ issuer: 'mallory' })],
    ['a token in the name of another service', () => tokenWith({ issuer: 'gateway' })],
    [
      'a token with another key',
      () => tokenWith({}, {}, identityOf('upload', createServiceKeys()).privateKey),
    ],
    ['an unsigned token', () => jwt.sign(CLAIMS, '', { algorithm: 'none' })],
    [
      'a token that is signed with the public key as if it were a secret',
      () => jwt.sign(CLAIMS, publicKeyOf('upload'), { algorithm: 'HS256' }),
    ],
    [
      'a token of another algorithm',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
        return jwt.sign(CLAIMS, privateKey, { algorithm: 'ES384' });
      },
    ],
    ['a token that was changed', () => tokenWith({}).replace(/\.(.)/, '.f$1')],
  ])('refuses %s, and does not show it', (_title, make) => {
    const token = make();
    expect(refusal(token)).toThrow();
    try {
      refusal(token)();
    } catch (error) {
      if (token !== '') expect((error as Error).message).not.toContain(token);
    }
  });

  test('of a service whose key is missing is refused', () => {
    const stranger = new ServiceTokenVerifier(identityOf('catalog', without('upload', keys)));
    expect(() => stranger.callerOf(new ServiceTokens(upload).tokenFor('catalog'))).toThrow('"upload"');
    expect(stranger.callerOf(new ServiceTokens(identityOf('gateway', keys)).tokenFor('catalog'))).toBe(
      'gateway',
    );
  });
});
