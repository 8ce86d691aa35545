import { describe, expect, it } from '@jest/globals';
import type { MediaVariant } from '@lazyphotos/contracts';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { createShareSigning, newId } from '../src/index.js';

const START = Date.parse('2026-05-01T12:00:00.000Z');
const SECONDS = 900;

function signingAt(time: { now: number }, more: object = {}) {
  return createShareSigning({
    signingKey: 'a signing key for the tests of share links',
    publicUrl: 'https://photos.example.org',
    mediaBaseUrl: 'https://cdn.example.org',
    lifetimeSeconds: SECONDS,
    now: () => time.now,
    ...more,
  });
}

const seed = (byte: number) => new Uint8Array(32).fill(byte);
const handleOf = (url: string) => url.split('/').at(-1) as string;

describe('the signing of share links', () => {
  const time = { now: START };
  const signing = signingAt(time);
  const token = signing.tokenOf(seed(1));
  const other = signing.tokenOf(seed(2));
  const userId = newId();
  const photoId = newId();
  const link = { token, userId, expiresAt: null, showLocation: false, passwordVersion: undefined };

  it('makes tokens of 256 bits that need the key and the seed', () => {
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(token).not.toBe(other);
    expect(signing.tokenOf(seed(1))).toBe(token);
    expect(
      signingAt(time, { signingKey: 'another signing key, as long as it must be' }).tokenOf(seed(1)),
    ).not.toBe(token);
  });

  it('opens every content that it has sealed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<MediaVariant>('thumb', 'medium', 'original'),
        fc.boolean(),
        fc.option(fc.nat(4_000_000_000), { nil: undefined }),
        fc.option(fc.string({ unit: 'grapheme', maxLength: 100, minLength: 1 }), { nil: undefined }),
        (variant, showLocation, passwordVersion, name) => {
          time.now = START;
          const url = signing.mediaUrl({ ...link, showLocation, passwordVersion }, photoId, variant, name);
          const base =
            passwordVersion === undefined ? 'https://cdn.example.org' : 'https://photos.example.org';
          expect(url.startsWith(`${base}/s/${token}/media/`)).toBe(true);
          const opened = signing.openMedia(token, handleOf(url));
          expect(opened).toMatchObject({
            userId,
            photoId,
            variant,
            stripLocation: variant === 'original' && !showLocation,
          });
          expect(opened?.passwordVersion).toBe(passwordVersion);
          expect(opened?.name).toBe(variant === 'original' ? name : undefined);
        },
      ),
    );
  });

  it('gives a URL away in which neither owner nor photo can be read', () => {
    const url = signing.mediaUrl(link, photoId, 'original', 'holiday.jpg');
    const bytes = Buffer.from(handleOf(url), 'base64url');
    for (const id of [userId, photoId]) {
      expect(url).not.toContain(id);
      expect(bytes.includes(Buffer.from(id.replaceAll('-', ''), 'hex'))).toBe(false);
    }
    expect(bytes.includes(Buffer.from('holiday'))).toBe(false);
    expect(handleOf(signing.mediaUrl(link, photoId, 'thumb')).length).toBeLessThan(110);
  });

  it('opens a handle with its own link only, and none that was changed in any place', () => {
    const handle = handleOf(signing.mediaUrl(link, photoId, 'medium'));
    expect(signing.openMedia(token, handle)).toBeDefined();
    expect(signing.openMedia(other, handle)).toBeUndefined();
    const foreign = signingAt(time, { signingKey: 'another signing key, as long as it must be' });
    expect(foreign.openMedia(token, handle)).toBeUndefined();
    for (let at = 0; at < handle.length; at += 1) {
      const changed = `${handle.slice(0, at)}${handle[at] === 'A' ? 'B' : 'A'}${handle.slice(at + 1)}`;
      expect(signing.openMedia(token, changed)).toBeUndefined();
    }
    for (const wrong of ['', 'A', handle.slice(1), `${handle}A`, `${handle}=`, `${handle}!`, 'A'.repeat(500)])
      expect(signing.openMedia(token, wrong)).toBeUndefined();
  });

  it('stays the same within a step, and is valid for half of the lifetime or longer', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (ms) => {
        time.now = START + ms;
        const url = signing.mediaUrl(link, photoId, 'thumb');
        const left = Number(signing.openMedia(token, handleOf(url))?.expiresAt) - time.now;
        expect(left).toBeGreaterThan((SECONDS / 2) * 1000 - 1);
        expect(left).toBeLessThanOrEqual(SECONDS * 1000);
        time.now += left - 1;
        expect(signing.openMedia(token, handleOf(url))).toBeDefined();
        time.now += 1;
        expect(signing.openMedia(token, handleOf(url))).toBeUndefined();
      }),
    );
    time.now = START;
    const first = signing.mediaUrl(link, photoId, 'thumb');
    time.now = START + (SECONDS / 2) * 1000 - 1;
    expect(signing.mediaUrl(link, photoId, 'thumb')).toBe(first);
    time.now += 1;
    expect(signing.mediaUrl(link, photoId, 'thumb')).not.toBe(first);
  });

  it('ends with the link', () => {
    time.now = START;
    const url = signing.mediaUrl({ ...link, expiresAt: new Date(START + 60_000) }, photoId, 'thumb');
    time.now = START + 59_999;
    expect(signing.openMedia(token, handleOf(url))).toBeDefined();
    time.now = START + 60_000;
    expect(signing.openMedia(token, handleOf(url))).toBeUndefined();
  });
});

describe('unlocks', () => {
  const time = { now: START };
  const signing = signingAt(time);
  const { unlocks } = signing;
  const token = signing.tokenOf(seed(1));
  const other = signing.tokenOf(seed(2));

  it('are of one link and one version of its password', () => {
    const unlock = unlocks.issue(token, 3, null);
    expect(unlocks.passwordVersionOf(token, unlock.token)).toBe(3);
    expect(unlocks.passwordVersionOf(other, unlock.token)).toBeUndefined();
    expect(unlocks.passwordVersionOf(token, undefined)).toBeUndefined();
    expect(unlocks.passwordVersionOf(token, `${unlock.token}x`)).toBeUndefined();
  });

  it('end after a while, and with the link', () => {
    const unlock = unlocks.issue(token, 1, null);
    expect(unlock.expiresAt.getTime()).toBeGreaterThan(START);
    time.now = unlock.expiresAt.getTime();
    expect(unlocks.passwordVersionOf(token, unlock.token)).toBeUndefined();
    const short = unlocks.issue(token, 1, new Date(time.now + 5000));
    expect(short.expiresAt.getTime()).toBe(time.now + 5000);
    time.now = START;
  });

  it('cannot be made without the key, nor by another algorithm', () => {
    const { payload } = jwt.decode(unlocks.issue(token, 1, null).token, { complete: true }) as jwt.Jwt;
    const forged = [
      jwt.sign(payload, '', { algorithm: 'none' }),
      jwt.sign(payload, 'a signing key for the tests of share links', { algorithm: 'HS256' }),
    ];
    for (const unlock of forged) expect(unlocks.passwordVersionOf(token, unlock)).toBeUndefined();
    expect(JSON.stringify(payload)).not.toContain(token);
  });
});
