import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { MEDIA_VARIANTS } from '@lazyphotos/contracts';
import { createMediaUrls } from '../src/index.js';

const LIFETIME = 3600;

describe('signed media URLs', () => {
  let time = Date.parse('2026-05-01T12:00:00Z');
  const create = (more: Partial<Parameters<typeof createMediaUrls>[0]> = {}) =>
    createMediaUrls({
      signingKey: 'a key of thirty-two characters..',
      baseUrl: 'https://photos.example.org',
      lifetimeSeconds: LIFETIME,
      now: () => time,
      ...more,
    });
  const urls = create();
  const [userId, photoId] = [randomUUID(), randomUUID()];
  const verify = (url: string, by = urls) => {
    const { pathname, searchParams } = new URL(url);
    return by.verify(pathname, searchParams.get('exp') ?? undefined, searchParams.get('sig') ?? undefined);
  };

  test('name a picture, and are verified', () => {
    for (const variant of MEDIA_VARIANTS) {
      const { url, expiresAt } = urls.sign(userId, photoId, variant);
      expect(url).toMatch(
        new RegExp(`^https://photos.example.org/media/${userId}/${photoId}/${variant}\\?exp=`),
      );
      expect(verify(url)).toEqual({ userId, photoId, variant, expiresAt });
      expect(urls.urlFor(userId, photoId, variant)).toBe(url);
      expect(urls.urlForOnce(userId, photoId, variant)).toBe(url);
    }
  });

  test('can have a file name, which cannot be changed, added or removed', () => {
    const verifyNamed = (url: string) => {
      const { pathname, searchParams: query } = new URL(url);
      const names = query.getAll('name');
      return urls.verify(pathname, query.get('exp'), query.get('sig'), names.length > 1 ? names : names[0]);
    };
    const names = ['a.jpg', "Söhne & Töchter's 😀+1%.jpg", '', 'a&sig=x', '写'.repeat(255)];
    for (const name of names) {
      const { url, expiresAt } = urls.sign(userId, photoId, 'original', name);
      expect(verifyNamed(url)).toEqual({ userId, photoId, variant: 'original', name, expiresAt });
      expect(verifyNamed(`${url}&name=x`)).toBeUndefined();
      for (const other of [...names, 'b.jpg', undefined].filter((one) => one !== name)) {
        const changed = new URL(url);
        changed.searchParams.delete('name');
        if (other !== undefined) changed.searchParams.set('name', other);
        expect(verifyNamed(changed.href)).toBeUndefined();
      }
    }
    const { url } = urls.sign(userId, photoId, 'original');
    expect(verifyNamed(`${url}&name=`)).toBeUndefined();
    const { pathname, searchParams } = new URL(url);
    expect(urls.verify(pathname, searchParams.get('exp'), searchParams.get('sig'), '\ud800')).toBeUndefined();
  });

  test('of a copy with edits are for one version', () => {
    const { url, expiresAt } = urls.sign(userId, photoId, 'embedded-12', 'a.jpg');
    const { pathname, searchParams } = new URL(url);
    const [exp, sig] = [searchParams.get('exp'), searchParams.get('sig')];
    expect(urls.verify(pathname, exp, sig, 'a.jpg')).toEqual({
      userId,
      photoId,
      variant: 'embedded-12',
      name: 'a.jpg',
      expiresAt,
    });
    for (const other of ['embedded-13', 'embedded-', 'embedded-1x', 'embedded-12/../original', 'original']) {
      expect(urls.verify(pathname.replace('embedded-12', other), exp, sig, 'a.jpg')).toBeUndefined();
    }
  });

  test('no character of them can be changed', () => {
    const { url } = urls.sign(userId, photoId, 'thumb');
    const start = url.indexOf('/media/');
    for (let index = start; index < url.length; index += 1) {
      const old = url[index];
      for (const other of ['0', 'a', 'Z', '-']) {
        if (old === other) continue;
        const changed = url.slice(0, index) + other + url.slice(index + 1);
        expect(verify(changed)).toBeUndefined();
      }
    }
    expect(verify(`${url}A`)).toBeUndefined();
    expect(verify(url.slice(0, -1))).toBeUndefined();
  });

  test('one for a preview is not valid for the original, nor one for a photo for another', () => {
    const { url } = urls.sign(userId, photoId, 'thumb');
    expect(verify(url.replace('/thumb?', '/original?'))).toBeUndefined();
    expect(verify(url.replace(userId, randomUUID()))).toBeUndefined();
    expect(verify(url.replace(photoId, randomUUID()))).toBeUndefined();
    expect(verify(url, create({ signingKey: 'another key of 32 characters....' }))).toBeUndefined();
  });

  test('stay the same for a while, and are valid for one to two lifetimes', () => {
    time = (Math.floor(time / 1000 / LIFETIME) + 1) * LIFETIME * 1000;
    const start = time;
    const { url, expiresAt } = urls.sign(userId, photoId, 'medium');
    for (const seconds of [1, LIFETIME / 2, LIFETIME - 1]) {
      time = start + seconds * 1000;
      expect(urls.sign(userId, photoId, 'medium').url).toBe(url);
      expect((expiresAt.getTime() - time) / 1000).toBeGreaterThanOrEqual(LIFETIME);
      expect((expiresAt.getTime() - time) / 1000).toBeLessThanOrEqual(2 * LIFETIME);
    }
    time = start + LIFETIME * 1000;
    expect(urls.sign(userId, photoId, 'medium').url).not.toBe(url);
    expect(verify(url)).toBeDefined();
    time = expiresAt.getTime() - 1;
    expect(verify(url)).toBeDefined();
    time = expiresAt.getTime();
    expect(verify(url)).toBeUndefined();
  });

  test.each([60, LIFETIME, 6 * 3600, 6 * 3600 + 1, 86_400, 30 * 86_400])(
    'of a copy with edits end within half a day, also with a lifetime of %d s',
    (lifetimeSeconds) => {
      const long = create({ lifetimeSeconds });
      const expected = Math.min(lifetimeSeconds, 6 * 3600);
      for (let step = 0; step < 100; step += 1) {
        time = Date.parse('2026-05-01T00:00:00Z') + step * 1_234_567;
        const { url, expiresAt } = long.sign(userId, photoId, 'embedded-3', 'a.jpg');
        const seconds = (expiresAt.getTime() - time) / 1000;
        expect(seconds).toBeLessThanOrEqual(12 * 3600);
        expect(seconds).toBeGreaterThanOrEqual(expected);
        expect(seconds).toBeLessThanOrEqual(2 * expected);
        time = expiresAt.getTime() - expected * 1000 - 1;
        expect(long.sign(userId, photoId, 'embedded-3', 'a.jpg').url).toBe(url);
        expect(long.sign(userId, photoId, 'original').expiresAt.getTime() - time).toBeGreaterThanOrEqual(
          lifetimeSeconds * 1000,
        );
      }
    },
  );

  test('other paths and parameters are refused', () => {
    const { url } = urls.sign(userId, photoId, 'thumb');
    const { pathname, searchParams } = new URL(url);
    const [exp, sig] = [searchParams.get('exp'), searchParams.get('sig')];
    for (const path of [
      '',
      '/',
      '/media',
      `${pathname}/`,
      `${pathname}\n`,
      `/x${pathname}`,
      pathname.toUpperCase(),
    ]) {
      expect(urls.verify(path, exp, sig)).toBeUndefined();
    }
    for (const odd of [undefined, '', '1e9', '-1', ' 1', [exp, exp], {}, '9'.repeat(400)]) {
      expect(urls.verify(pathname, odd, sig)).toBeUndefined();
    }
    for (const odd of [undefined, '', [sig, sig], {}, 'é'.repeat(43), `${sig}=`]) {
      expect(urls.verify(pathname, exp, odd)).toBeUndefined();
    }
  });

  test('a page of two hundred takes one HMAC for each, of keys that were made once, and none to repeat or verify it unless it is part of a long list', async () => {
    const script = fileURLToPath(new URL('./hmac-child.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    const once = { createHmac: 200, createSecretKey: 0, hkdfSync: 0 };
    const none = { ...once, createHmac: 0 };
    expect(JSON.parse(stdout)).toEqual({
      list: once,
      listAgain: once,
      media: once,
      mediaAgain: none,
      verified: none,
      forged: once,
      forgedAgain: once,
      shares: once,
    });
  });
});
