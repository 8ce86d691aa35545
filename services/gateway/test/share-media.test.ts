import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';
import { cleaned, createShared, type Shared } from './shared.js';

const START = Date.parse('2026-05-01T12:00:00.000Z');

describeWithPostgres('pictures of a share link', () => {
  let gateway: Gateway;
  let shared: Shared;
  beforeAll(async () => {
    shared = createShared();
    gateway = await startGateway({ shares: shared.shares, copies: shared.copies });
    shared.use(gateway);
  });
  beforeEach(() => {
    gateway.state.stoppedAt = START;
    shared.photos.length = 0;
  });
  afterAll(() => gateway.stop());

  const unlock = (token: string, password: string) => shared.shares.unlock(token, password);
  const firstOf = async (token: string, unlockToken?: string) => {
    const view = { token, unlockToken, cursor: undefined, limit: 3, counted: true };
    const { photos } = await shared.shares.view(view);
    const [photo] = photos;
    if (!photo) throw new Error('no photo');
    return { ...photo, thumb: String(photo.thumbnails.thumb), originalUrl: String(photo.originalUrl) };
  };

  it('are public and may be kept by caches for as long as their URL is good, which is the same for a while', async () => {
    await shared.addPhoto();
    const token = shared.share();
    const { thumb, thumbnails } = await firstOf(token);
    const reply = await gateway.call(thumb);
    expect(reply).toMatchObject({ status: 200, text: 'thumb' });
    expect(reply.headers.get('cache-control')).toBe('public, max-age=900, immutable');
    expect(reply.headers.get('content-type')).toBe('image/jpeg');
    expect(reply.headers.get('x-robots-tag')).toBe('noindex');
    gateway.state.stoppedAt = START + 449_000;
    expect((await firstOf(token)).thumb).toBe(thumb);
    expect((await gateway.call(thumb)).headers.get('cache-control')).toBe('public, max-age=451, immutable');
    expect((await gateway.call(String(thumbnails.medium))).text).toBe('medium');
  });

  it('end within the time that is set, also when the link was revoked and the gateway does not know it', async () => {
    await shared.addPhoto();
    const token = shared.share();
    const { thumb, originalUrl } = await firstOf(token);
    shared.revoke(token);
    gateway.state.stoppedAt = START + 900_000;
    for (const url of [thumb, originalUrl]) {
      const reply = await gateway.call(url);
      expect(reply).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
      expect(reply.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('are ranges, conditions and HEAD as other media are', async () => {
    const { bytes } = await shared.addPhoto();
    const url = (await firstOf(shared.share({ showLocation: true }))).originalUrl;
    const whole = await gateway.call(url);
    expect(whole.bytes.equals(bytes)).toBe(true);
    const etag = String(whole.headers.get('etag'));
    const head = await gateway.call(url, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
    const part = await gateway.call(url, { headers: { range: 'bytes=100-199', 'if-range': etag } });
    expect(part.status).toBe(206);
    expect(part.bytes.equals(bytes.subarray(100, 200))).toBe(true);
    expect(await gateway.call(url, { headers: { range: 'bytes=99999-' } })).toMatchObject({
      status: 416,
      body: { code: 'range_not_satisfiable' },
    });
    const fresh = await gateway.call(url, { headers: { 'if-none-match': etag } });
    expect(fresh).toMatchObject({ status: 304, text: '' });
    expect(fresh.headers.get('cache-control')).toMatch(/^public/);
    expect(await gateway.call(url, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('originals hold no location, unless the link shows it; the name is the photo’s', async () => {
    const { bytes } = await shared.addPhoto({ fileName: 'Größe/../x\u202egpj.jpg' });
    const hidden = await gateway.call((await firstOf(shared.share())).originalUrl);
    expect(hidden.bytes.equals(cleaned(bytes))).toBe(true);
    expect(hidden.headers.get('content-disposition')).toMatch(/^attachment; filename/);
    expect(decodeURIComponent(String(hidden.headers.get('content-disposition')))).toContain(
      'Größe_.._xgpj.jpg',
    );
    const open = await gateway.call((await firstOf(shared.share({ showLocation: true }))).originalUrl);
    expect(open.bytes.equals(bytes)).toBe(true);
  });

  it('originals do not name their owner, whether the link shows the location or not', async () => {
    const { id, bytes } = await shared.addPhoto();
    shared.signed.add(id);
    for (const showLocation of [true, false]) {
      const reply = await gateway.call((await firstOf(shared.share({ showLocation }))).originalUrl);
      expect(reply.bytes.equals(cleaned(bytes))).toBe(true);
    }
    shared.unclean.add(id);
    const refused = await gateway.call((await firstOf(shared.share({ showLocation: true }))).originalUrl);
    expect(refused).toMatchObject({ status: 422, body: { code: 'copy_unsupported' } });
  });

  it('of a format from which the location cannot be removed are refused, and never shown with it', async () => {
    const { id } = await shared.addPhoto();
    shared.unclean.add(id);
    const reply = await gateway.call((await firstOf(shared.share())).originalUrl);
    expect(reply).toMatchObject({ status: 422, body: { code: 'copy_unsupported' } });
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it('that were purged are gone', async () => {
    const { id } = await shared.addPhoto();
    const { thumb, originalUrl } = await firstOf(shared.share());
    await gateway.store.delete(`derived/${shared.userId}/${id}/thumb`);
    await gateway.store.delete(`originals/${shared.userId}/${id}`);
    for (const url of [thumb, originalUrl]) expect((await gateway.call(url)).status).toBe(404);
  });

  it('say nothing of their owner, in URL, headers and problems', async () => {
    await shared.addPhoto();
    const { thumb, originalUrl } = await firstOf(shared.share());
    const replies = [
      await gateway.call(thumb),
      await gateway.call(originalUrl),
      await gateway.call(originalUrl, { headers: { range: 'bytes=99999-' } }),
      await gateway.call(`${thumb}x`),
    ];
    for (const { headers, text } of replies) {
      const all = [thumb, originalUrl, JSON.stringify([...headers]), text].join('\n');
      expect(all).not.toContain(shared.userId);
      expect(all).not.toContain(shared.userId.replaceAll('-', ''));
    }
  });

  describe('with a password', () => {
    it('password checked on one route only: no picture opens without the unlock of its own link', async () => {
      await shared.addPhoto();
      const [one, two] = [shared.share({ password: 'same' }), shared.share({ password: 'same' })];
      const mine = (await unlock(one, 'same')).token;
      const other = (await unlock(two, 'same')).token;
      const { thumb, originalUrl, thumbnails } = await firstOf(one, mine);
      for (const url of [thumb, String(thumbnails.medium), originalUrl]) {
        for (const headers of [
          {},
          { 'x-share-token': 'x' },
          { 'x-share-token': other },
          { cookie: `share-unlock=${other}` },
          { cookie: 'share-unlock=' },
        ]) {
          for (const method of ['GET', 'HEAD']) {
            const reply = await gateway.call(url, { method, headers });
            expect(reply.status).toBe(401);
            expect(reply.headers.get('cache-control')).toBe('no-store');
          }
        }
        const opened = await gateway.call(url, { headers: { 'x-share-token': mine } });
        expect(opened.status).toBe(200);
        expect((await gateway.call(url, { headers: { cookie: `a=b; share-unlock=${mine}` } })).status).toBe(
          200,
        );
      }
    });

    it('public caching of private media: what needs a password is private', async () => {
      await shared.addPhoto();
      const token = shared.share({ password: 'secret' });
      const mine = (await unlock(token, 'secret')).token;
      const { thumb, originalUrl } = await firstOf(token, mine);
      for (const url of [thumb, originalUrl]) {
        const { headers } = await gateway.call(url, { headers: { 'x-share-token': mine } });
        expect(headers.get('cache-control')).toBe('private, max-age=900, immutable');
      }
    });

    it('end for one who has unlocked them before the password was changed', async () => {
      await shared.addPhoto();
      const token = shared.share({ password: 'old' });
      const before = (await unlock(token, 'old')).token;
      const after = gateway.shareSigning.unlocks.issue(token, 2, null).token;
      const media = {
        token,
        userId: shared.userId,
        expiresAt: null,
        showLocation: false,
        passwordVersion: 2,
      };
      const url = gateway.shareSigning.mediaUrl(media, shared.photos[0]?.id ?? '', 'thumb');
      expect((await gateway.call(url, { headers: { 'x-share-token': before } })).status).toBe(401);
      expect((await gateway.call(url, { headers: { 'x-share-token': after } })).status).toBe(200);
    });
  });

  it('are in no log and no metric by their token or handle, for every outcome of a request', async () => {
    await shared.addPhoto();
    const token = shared.share();
    const { thumb } = await firstOf(token);
    const handle = thumb.split('/').at(-1) as string;
    gateway.logs.length = 0;
    const paths = [
      thumb,
      `${thumb}x`,
      `/s/${token}/archive`,
      `/s/${token}/nothing`,
      `/S/${token}/media/${handle}`,
      `//s/${token}/archive?x=${token}`,
      `/s/${token}%20/media/${handle}`,
      `/share-links/${token}/content`,
      `/share-links/${token}/contents`,
      `/share-links/${token}x/content`,
      `/share-links/${token.slice(1)}/content`,
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'HEAD']) await gateway.call(path, { method });
    }
    const logged = JSON.stringify(gateway.logs);
    expect(gateway.logs.length).toBeGreaterThanOrEqual(3 * paths.length);
    for (const secret of [token, token.slice(1), handle]) expect(logged).not.toContain(secret);
    const metrics = await gateway.metrics.registry.metrics();
    expect(metrics).toContain('/s/{token}/media/{handle}');
    for (const secret of [token.slice(1), handle]) expect(metrics).not.toContain(secret);
  });
});
