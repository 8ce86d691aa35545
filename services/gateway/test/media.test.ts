import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { parse } from 'content-disposition';
import { type Gateway, startGateway } from './harness.js';
import { storePicture } from './pictures.js';

describeWithPostgres('signed media', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterEach(() => {
    gateway.state.stoppedAt = undefined;
  });
  afterAll(() => gateway.stop());

  it('an original comes byte for byte, to be saved under its name', async () => {
    const { url, bytes, sha256 } = await storePicture(gateway, {
      fileName: 'Summer.heic',
      contentType: 'image/heic',
    });
    const reply = await gateway.call(url);
    expect(reply.status).toBe(200);
    expect(reply.bytes.equals(bytes)).toBe(true);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'image/heic',
      'content-length': String(bytes.length),
      'content-disposition': 'attachment; filename=Summer.heic',
      etag: `"${sha256}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      'last-modified': expect.any(String),
    });
    expect(reply.headers.get('set-cookie')).toBeNull();
  });

  it('a preview is shown, not saved', async () => {
    const { url, photoId } = await storePicture(gateway, { variant: 'thumb', fileName: 'x.jpg' });
    const reply = await gateway.call(url);
    expect(reply.headers.get('content-disposition')).toBe(`inline; filename=${photoId}-thumb.jpg`);
  });

  it('may be kept by the client alone, as long as the URL is good', async () => {
    const { url } = await storePicture(gateway);
    const exp = Number(new URL(url, 'http://x').searchParams.get('exp'));
    gateway.state.stoppedAt = Date.now();
    const cacheControl = (await gateway.call(url)).headers.get('cache-control') ?? '';
    const seconds = Number(/^private, max-age=(\d+), immutable$/.exec(cacheControl)?.[1]);
    expect(seconds).toBe(Math.floor(exp - gateway.state.stoppedAt / 1000));
  });

  it('HEAD gets the same response without the bytes', async () => {
    const { url, bytes } = await storePicture(gateway);
    const [get, head] = [await gateway.call(url), await gateway.call(url, { method: 'HEAD' })];
    expect(head).toMatchObject({ status: 200, text: '' });
    for (const name of ['etag', 'content-type', 'content-disposition', 'last-modified', 'accept-ranges']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
  });

  it('other methods are 405', async () => {
    const { url } = await storePicture(gateway);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const reply = await gateway.call(url, { method });
      expect(reply).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
      expect(reply.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it('an empty file is an empty response', async () => {
    const { url } = await storePicture(gateway, { bytes: Buffer.alloc(0) });
    const reply = await gateway.call(url);
    expect(reply).toMatchObject({ status: 200, text: '' });
    expect(reply.headers.get('content-length')).toBe('0');
  });

  describe('whose file is not there', () => {
    it('is 404', async () => {
      const { url } = gateway.mediaUrls.sign(newId(), newId(), 'medium');
      const reply = await gateway.call(url);
      expect(reply).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('etag')).toBeNull();
    });
  });

  describe('whose signature is not right', () => {
    const refused = { status: 403, body: { code: 'invalid_signature' } };

    it('is refused: changed, missing, repeated, of another URL', async () => {
      const mine = await storePicture(gateway);
      const other = await storePicture(gateway);
      const [path = '', query = ''] = mine.url.split('?');
      const { exp, sig } = Object.fromEntries(new URLSearchParams(query)) as { exp: string; sig: string };
      const flipped = `${sig.slice(0, -2)}${sig.at(-2) === 'A' ? 'B' : 'A'}${sig.at(-1)}`;
      for (const tampered of [
        path,
        `${path}?exp=${exp}`,
        `${path}?sig=${sig}`,
        `${path}?exp=${exp}&sig=`,
        `${path}?exp=${exp}&sig=${flipped}`,
        `${path}?exp=${exp}&sig=${sig}=`,
        `${path}?exp=${exp}&sig=${'%F0%9F%93%B7'.repeat(11)}`,
        `${path}?exp=${Number(exp) + 1}&sig=${sig}`,
        `${path}?exp=0${exp}&sig=${sig}`,
        `${path}?exp=${exp}&exp=${exp}&sig=${sig}`,
        `${path}?exp=${exp}&sig=${sig}&sig=${sig}`,
        `${path}/?exp=${exp}&sig=${sig}`,
        `${path.toUpperCase()}?exp=${exp}&sig=${sig}`,
        `${path.replace('original', 'thumb')}?exp=${exp}&sig=${sig}`,
        `${path.replace('original', 'secret')}?exp=${exp}&sig=${sig}`,
        `${other.url.split('?')[0]}?exp=${exp}&sig=${sig}`,
      ]) {
        expect(await gateway.call(tampered)).toMatchObject(refused);
      }
      expect((await gateway.call(mine.url)).status).toBe(200);
    });

    it('says the same whether there is such a file or not', async () => {
      const { url } = await storePicture(gateway);
      const there = await gateway.call(`${url}x`);
      const unknown = await gateway.call(`/media/${newId()}/${newId()}/original?exp=1&sig=x`);
      const { instance: _a, requestId: _b, ...first } = there.body;
      const { instance: _c, requestId: _d, ...second } = unknown.body;
      expect(first).toEqual(second);
    });

    it('is refused once it has expired', async () => {
      const { url } = await storePicture(gateway);
      const exp = Number(new URL(url, 'http://x').searchParams.get('exp'));
      gateway.state.stoppedAt = exp * 1000 - 1;
      expect((await gateway.call(url)).status).toBe(200);
      gateway.state.stoppedAt += 1;
      expect(await gateway.call(url)).toMatchObject(refused);
    });
  });

  describe('of which the client has a copy', () => {
    it('is 304 when the copy is current', async () => {
      const { url, sha256 } = await storePicture(gateway);
      for (const tag of [`"${sha256}"`, `W/"${sha256}"`, `"x", "${sha256}"`, '*']) {
        const reply = await gateway.call(url, { headers: { 'if-none-match': tag } });
        expect(reply).toMatchObject({ status: 304, text: '' });
        expect(reply.headers.get('etag')).toBe(`"${sha256}"`);
        expect(reply.headers.get('cache-control')).toMatch('private');
      }
      const lastModified = (await gateway.call(url)).headers.get('last-modified') ?? '';
      expect((await gateway.call(url, { headers: { 'if-modified-since': lastModified } })).status).toBe(304);
    });

    it('is sent when the copy is another one', async () => {
      const { url, sha256 } = await storePicture(gateway);
      for (const headers of [
        { 'if-none-match': '"other"' },
        { 'if-none-match': sha256 },
        { 'if-none-match': '"other"', 'if-modified-since': new Date().toUTCString() },
        { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
        { 'if-modified-since': 'nonsense' },
      ]) {
        expect((await gateway.call(url, { headers })).status).toBe(200);
      }
    });
  });
});

describeWithPostgres('file names', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  it.each([
    ['plain.jpg', 'plain.jpg'],
    ['with space.jpg', 'with space.jpg'],
    ['quote".jpg', 'quote".jpg'],
    ["it's; filename=evil.exe", "it's; filename=evil.exe"],
    ['100%41.jpg', '100%41.jpg'],
    ['Größe 写真 📷.jpg', 'Größe 写真 📷.jpg'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['C:\\Windows\\evil.exe', 'C:_Windows_evil.exe'],
    ['split\r\nSet-Cookie: a=b.jpg', 'splitSet-Cookie: a=b.jpg'],
    ['photo\u202Egpj.exe', 'photogpj.exe'],
    ['half \uD83D emoji.jpg', 'half \uFFFD emoji.jpg'],
    ['nul\u0000.jpg', 'nul.jpg'],
  ])('%j is saved as %j', async (fileName, saved) => {
    const { url } = await storePicture(gateway, { fileName });
    const reply = await gateway.call(url);
    expect(reply.status).toBe(200);
    const header = reply.headers.get('content-disposition') ?? '';
    expect(header).toMatch(/^attachment; filename/);
    expect(parse(header)).toMatchObject({ type: 'attachment', parameters: { filename: saved } });
    expect(reply.headers.get('set-cookie')).toBeNull();
  });

  it('in the URL go before the one that the original came with, and cannot be changed', async () => {
    const savedAs = 'Söhne & Töchter 😀.jpg';
    const { url, bytes } = await storePicture(gateway, { fileName: 'IMG_1.jpg', savedAs });
    const reply = await gateway.call(url);
    expect(reply.bytes.equals(bytes)).toBe(true);
    expect(parse(reply.headers.get('content-disposition') ?? '')).toMatchObject({
      type: 'attachment',
      parameters: { filename: savedAs },
    });
    for (const odd of [url.replace('chter', 'x'), `${url}&name=x`]) {
      expect(await gateway.call(odd)).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
    }
    const plain = await storePicture(gateway, { fileName: 'IMG_1.jpg' });
    expect((await gateway.call(`${plain.url}&name=evil.exe`)).status).toBe(403);
  });

  it('of a copy with edits are those of the original', async () => {
    const { url, bytes } = await storePicture(gateway, { variant: 'embedded-7', savedAs: 'edited.jpg' });
    const reply = await gateway.call(url);
    expect(reply.bytes.equals(bytes)).toBe(true);
    expect(reply.headers.get('content-disposition')).toBe('attachment; filename=edited.jpg');
  });

  it('that say nothing are replaced', async () => {
    for (const fileName of ['', '   ', '\u0007', undefined]) {
      const { url, photoId } = await storePicture(gateway, fileName === undefined ? {} : { fileName });
      const { headers } = await gateway.call(url);
      expect(headers.get('content-disposition')).toBe(`attachment; filename=${photoId}-original`);
    }
  });
});
