import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProblemError } from '@lazyphotos/service-kit';
import { describeWithPostgres, type HttpReply } from '@lazyphotos/testkit';
import { type Gateway, type GatewayOptions, startGateway } from './harness.js';
import { createShareFixture, type FixtureLink, type ShareFixture } from './share-fixture.js';

const PUBLIC_URL = 'https://photos.example';
const PLACEHOLDER = '3OcRJYB4d3h/iIeHeEh3eIhw+j3A';
const HOSTILE = `"><meta http-equiv="refresh" content="0;url=https://evil.example"><script>alert(1)</script>`;

const sourcesOf = (reply: HttpReply, directive: string): string[] =>
  (reply.headers.get('content-security-policy') ?? '')
    .split('; ')
    .find((part) => part.startsWith(`${directive} `))
    ?.split(' ')
    .slice(1) ?? [];
const scriptOf = (reply: HttpReply): string =>
  /src="(\/assets\/share-[0-9a-f]{16}\.js)"/.exec(reply.text)?.[1] ?? '';
/** Tags only; `&lt;meta` is text. */
const tags = (text: string, name: string): string[] =>
  text.match(new RegExp(`<${name}[\\s>][^>]*`, 'g')) ?? [];

describeWithPostgres('the page of a share link', () => {
  let gateway: Gateway;
  let fixture: ShareFixture;
  const start = async (options: GatewayOptions = {}) => {
    const made = createShareFixture();
    const started = await startGateway({ publicUrl: PUBLIC_URL, shares: made.shares, ...options });
    made.use(started);
    return { gateway: started, fixture: made };
  };
  beforeAll(async () => {
    ({ gateway, fixture } = await start());
  });
  beforeEach(() => {
    fixture.views.length = 0;
  });
  afterAll(() => gateway.stop());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    gateway.call(`/s/${path}`, { method, headers: { accept: 'text/html', ...headers } });
  const show = (link: FixtureLink, headers: Record<string, string> = {}) => get(fixture.share(link), headers);
  const unlock = (token: string, body: string, type = 'application/x-www-form-urlencoded') =>
    gateway.call(`/s/${token}/unlock`, { method: 'POST', body, headers: { 'content-type': type } });
  const cookieOf = (reply: HttpReply) => reply.headers.get('set-cookie')?.split(';')[0] ?? '';
  const photos = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      placeholder: PLACEHOLDER,
      width: 4000 + index,
      capturedAt: '2024-07-01T22:30:10.000Z',
      capturedAtOffset: 345,
    }));

  describe('of an album', () => {
    it('shows what the link is about, escaped, with line breaks kept', async () => {
      const reply = await show({
        link: { albumName: 'Sea & <sand>', albumDescription: 'One\nTwo <b>', ownerName: 'Änna' },
        photos: photos(2),
      });
      expect(reply.status).toBe(200);
      expect(reply.text).toContain('<h1>Sea &amp; &lt;sand&gt;</h1>');
      expect(reply.text).toContain('2 photos · from Änna');
      expect(reply.text).toContain('<p class="about">One\nTwo &lt;b&gt;</p>');
      expect(tags(reply.text, 'img')).toHaveLength(2);
      expect(tags(reply.text, 'b')).toEqual([]);
    });

    it('prefers the title of the link, and has a name for an album without one', async () => {
      expect((await show({ link: { title: 'For you', albumName: 'Private name' } })).text).not.toContain(
        'Private name',
      );
      expect((await show({})).text).toContain('<h1>Shared photos</h1>');
    });

    it('gives the browser both previews with their true widths, and loads lazily what is further down', async () => {
      const { text } = await show({
        photos: [{ width: 3000, height: 4000 }, { width: 200, height: 100 }, ...photos(8)],
      });
      const [portrait = '', small = '', ...others] = tags(text, 'img');
      expect(portrait).toMatch(
        /srcset="\/s\/[\w-]{43}\/media\/[\w-]+ 225w, \/s\/[\w-]{43}\/media\/[\w-]+ 810w"/,
      );
      expect(portrait).toContain('width="810" height="1080"');
      expect(portrait).not.toContain('loading');
      expect(small).toContain('width="200" height="100"');
      expect(others.at(-1)).toMatch(/loading="lazy"/);
      expect(others.at(-1)).toMatch(/sizes="auto, /);
    });

    it('lays photos out by classes of a style sheet, so that no style attribute is needed', async () => {
      const { text } = await show({ photos: [{ placeholder: PLACEHOLDER }, { width: 10_000, height: 100 }] });
      expect(text).toMatch(/<li class="r133 c[0-9a-f]{3}">/);
      expect(text).toMatch(
        /<style>[^<]*\.r133\{--r:1\.33\}\.c[0-9a-f]{3}\{--c:#[0-9a-f]{3}\}\.r300\{--r:3\}<\/style>/,
      );
      expect(text).not.toMatch(/<[^>]+\s(style|on\w+)=/);
    });

    it('shows the time that the clock showed there, and the place only where the link shows locations', async () => {
      const place = { city: 'Kathmandu', country: 'Nepal', countryCode: 'NP' };
      const photo = { capturedAt: '2024-07-01T22:30:10.000Z', capturedAtOffset: 345, place };
      const hidden = await show({ photos: [photo] });
      expect(hidden.text).toContain('data-info="2 July 2024 at 04:15"');
      expect(hidden.text).not.toContain('Nepal');
      const shown = await show(
        { link: { showLocation: true }, photos: [photo] },
        { 'accept-language': 'de' },
      );
      expect(shown.text).toContain('data-info="2. Juli 2024 um 04:15 · Kathmandu, Nepal"');
    });

    it('says that a preview is not there yet, and that there are no photos', async () => {
      const pending = await show({ photos: [{ thumbnails: {}, width: null, height: null }] });
      expect(pending.text).toContain('<span>The preview is not ready yet</span>');
      expect(tags(pending.text, 'img')).toEqual([]);
      const empty = await show({ link: { albumName: 'New' } });
      expect(empty.text).toContain('There are no photos here yet.');
      expect(empty.text).not.toContain('archive');
    });

    it('is survived by a placeholder that is none', async () => {
      for (const placeholder of ['', '!', 'AAAA', 'A'.repeat(500)])
        expect((await show({ photos: [{ placeholder }] })).status).toBe(200);
    });

    it('has further pages that need no script', async () => {
      const token = fixture.share({ photos: photos(60) });
      const first = await get(token);
      const limit = fixture.views[0]?.limit ?? 0;
      expect(tags(first.text, 'img')).toHaveLength(limit);
      expect(first.text).toContain(
        `<a class="button plain" rel="next" href="?cursor=${limit}">More photos</a>`,
      );
      const last = await get(`${token}?cursor=${2 * limit}`);
      expect(tags(last.text, 'img')).toHaveLength(60 - 2 * limit);
      expect(last.text).not.toContain('rel="next"');
    });

    it('offers downloads only where the link allows them', async () => {
      const yes = await show({ photos: photos(1) });
      expect(yes.text).toMatch(/href="\/s\/[\w-]{43}\/archive"/);
      expect(yes.text).toContain('class="download"');
      const no = await show({ link: { allowDownload: false }, photos: photos(1) });
      expect(no.text).not.toContain('archive');
      expect(no.text).not.toContain('download');
    });

    it('is in the language of the browser', async () => {
      const token = fixture.share({ photos: photos(2) });
      const german = await get(token, { 'accept-language': 'de-CH' });
      expect(german.headers.get('content-language')).toBe('de');
      expect(german.headers.get('vary')).toMatch('Accept-Language');
      expect(german.text).toContain('2 Fotos');
      expect((await get(token, { 'accept-language': 'fr' })).text).toContain('2 photos');
    });

    it.each([
      ['without descriptions', undefined],
      ['with long descriptions', 'x'],
      ['with descriptions that need escapes', '"'],
      ['with descriptions outside of ASCII', '字'],
      ['with descriptions of emoji', '👨‍👩‍👧‍👦'],
      ['with one character of many accents', '\u0301'],
    ])('takes less than 50 kB with its styles, before compression: %s', async (_name, unit) => {
      await show({});
      const limit = fixture.views[0]?.limit ?? 0;
      const filled = (length: number) => unit?.repeat(length).slice(0, length);
      const page = await show({
        link: {
          albumName: filled(200) ?? 'Summer',
          albumDescription: filled(5000),
          ownerName: filled(100) ?? 'Anna',
          showLocation: true,
        },
        photos: photos(Math.max(36, limit + 1)).map((photo, index) => ({
          ...photo,
          // Every second one has no date, so that its file name is the text alternative.
          ...(index % 2 === 0 ? { capturedAt: undefined } : {}),
          fileName: filled(200) ?? 'IMG_4711.jpg',
          description: filled(10_000),
          place: { city: 'Llanfairpwllgwyngyll', country: 'United Kingdom', countryCode: 'GB' },
          // Each photo with a ratio and a colour of its own.
          height: 1500 + 100 * index,
        })),
      });
      expect(tags(page.text, 'img')).toHaveLength(limit);
      expect(page.bytes.length).toBeLessThan(50_000);
      // Texts of the longest kind aside, the script is within the bound as well.
      const script = await gateway.call(scriptOf(page));
      if (unit === undefined || unit === 'x')
        expect(page.bytes.length + script.bytes.length).toBeLessThan(50_000);
      expect(page.headers.get('content-encoding')).toBe('gzip');
    });

    it('shows the beginning of long texts, never a part of a character; the photo’s page has all of it', async () => {
      const family = '👨‍👩‍👧‍👦';
      const description = `Us ${family} ${'and the sea, '.repeat(500)}`;
      const token = fixture.share({
        link: { albumName: 'Summer', albumDescription: `${'e'.repeat(1999)}!${'?'.repeat(3000)}` },
        photos: [
          { id: '0199aaaa-0000-7000-8000-000000000001', description },
          { description: family.repeat(100) },
          { description: 'short' },
          { description, thumbnails: {} },
          { fileName: `${'n'.repeat(200)}.jpg` },
        ],
      });
      const { text } = await get(token);
      const alts = tags(text, 'img').map((tag) => / alt="([^"]*)"/.exec(tag)?.[1] ?? '');
      const [cut = '', families = '', short, name] = alts;
      expect(cut).toMatch(new RegExp(`^Us ${family} and the sea, .*…$`));
      expect([...new Intl.Segmenter().segment(cut)].length).toBeLessThanOrEqual(100);
      expect(families).toMatch(new RegExp(`^(?:${family})+…$`));
      expect(short).toBe('short');
      expect(name).toBe(`${'n'.repeat(99)}…`);
      const links = tags(text, 'a').filter((tag) => tag.includes('?photo='));
      expect(links.map((tag) => [tag.includes(' data-cut'), / data-text="([^"]*)"/.exec(tag)?.[1]])).toEqual([
        [true, ''],
        [true, ''],
        [false, ''],
        [true, cut],
        [false, undefined],
      ]);
      expect(text).toContain(`<p class="about">${'e'.repeat(1999)}…</p>`);
      const own = await get(`${token}?photo=0199aaaa-0000-7000-8000-000000000001`);
      expect(own.text).toContain(`<p class="about">${description}</p>`);
    });
  });

  describe('of one photo', () => {
    it('shows it alone, with its description', async () => {
      const { text } = await show({
        link: { kind: 'photo', ownerName: 'Anna', photoCount: 1 },
        photos: [{ description: 'A <fish>\nin the sea' }],
      });
      expect(text).toContain('<h1>Shared photo</h1>');
      expect(text).toContain('<p class="about">A &lt;fish&gt;\nin the sea</p>');
      expect(text).toContain('alt="A &lt;fish&gt; in the sea"');
      expect(text).not.toContain('<dialog');
    });

    it('of an album is a page of its own, with those before and after it, and does not count as a view', async () => {
      const ids = [
        '0199aaaa-0000-7000-8000-000000000001',
        '0199aaaa-0000-7000-8000-000000000002',
        '0199aaaa-0000-7000-8000-000000000003',
      ];
      const token = fixture.share({ link: { albumName: 'Summer' }, photos: ids.map((id) => ({ id })) });
      const { text } = await get(`${token}?photo=${ids[1]}`);
      expect(text).toContain(`rel="prev" href="?photo=${ids[0]}"`);
      expect(text).toContain(`rel="next" href="?photo=${ids[2]}"`);
      expect(text).toContain(`href="?photo=${ids[1]}&amp;download=1"`);
      expect(fixture.views.map(({ counted }) => counted)).toEqual([false]);
    });

    it('leads to the list when the photo is not in it any more', async () => {
      const token = fixture.share({ photos: photos(1) });
      const reply = await get(`${token}?photo=0199aaaa-0000-7000-8000-000000000009`);
      expect([reply.status, reply.headers.get('location')]).toEqual([303, `/s/${token}`]);
    });

    it('leads to a fresh URL of the original, if the link allows it', async () => {
      const id = '0199aaaa-0000-7000-8000-000000000001';
      const token = fixture.share({ photos: [{ id }] });
      const reply = await get(`${token}?photo=${id}&download=1`);
      expect(reply.status).toBe(302);
      const handle = reply.headers.get('location')?.split('/').at(-1) ?? '';
      expect(gateway.shareSigning.openMedia(token, handle)).toMatchObject({
        photoId: id,
        variant: 'original',
      });
      const guarded = fixture.share({ link: { allowDownload: false }, photos: [{ id }] });
      expect((await get(`${guarded}?photo=${id}&download=1`)).status).toBe(403);
    });
  });

  describe('views', () => {
    it('are counted when a visitor opens the first page, and neither for HEAD nor for what the script asks', async () => {
      const token = fixture.share({ photos: photos(1) });
      await get(token);
      await get(token, {}, 'HEAD');
      await get(token, { 'x-requested-with': 'fetch' });
      expect(fixture.views.map(({ counted }) => counted)).toEqual([true, false, false]);
    });
  });

  describe('is safe:', () => {
    it('names and texts of the owner are text, in tags for other programs, too', async () => {
      const { text } = await show({
        link: { title: HOSTILE, albumName: HOSTILE, albumDescription: HOSTILE, ownerName: HOSTILE },
        photos: [{ fileName: HOSTILE, description: HOSTILE, place: { city: HOSTILE } }],
      });
      expect(text).toContain('&quot;&gt;&lt;meta http-equiv=');
      expect(tags(text, 'meta').filter((tag) => tag.startsWith('<meta http-equiv'))).toEqual([]);
      expect(tags(text, 'script')).toHaveLength(1);
      expect(text).not.toContain('<script>');
    });

    it('other programs get a title and the cover of an open link', async () => {
      const token = fixture.share({ link: { albumName: 'Summer', ownerName: 'Anna' }, photos: photos(3) });
      const { text } = await get(token);
      expect(text).toContain('<meta property="og:title" content="Summer">');
      expect(text).toContain('<meta property="og:description" content="3 photos · from Anna">');
      expect(text).toContain(`<meta property="og:url" content="${PUBLIC_URL}/s/${token}">`);
      const image = /property="og:image" content="([^"]+)"/.exec(text)?.[1] ?? '';
      expect(image.startsWith(`${PUBLIC_URL}/s/${token}/media/`)).toBe(true);
      expect(gateway.shareSigning.openMedia(token, image.split('/').at(-1) ?? '')).toMatchObject({
        variant: 'medium',
      });
    });

    it('the policy allows nothing but the page’s own styles, script and pictures', async () => {
      const [one, two] = [await show({ photos: photos(1) }), await show({ photos: photos(1) })];
      const [nonce] = sourcesOf(one, 'script-src');
      expect(nonce).toMatch(/^'nonce-[\w+/=]{24}'$/);
      expect(sourcesOf(two, 'script-src')).not.toEqual([nonce]);
      expect(sourcesOf(one, 'default-src')).toEqual(["'none'"]);
      expect(sourcesOf(one, 'img-src')).toEqual(['data:', "'self'"]);
      expect(sourcesOf(one, 'connect-src')).toEqual(["'self'"]);
      expect(sourcesOf(one, 'style-src').every((source) => source.startsWith("'sha256-"))).toBe(true);
      for (const name of ['form-action', 'base-uri', 'frame-ancestors', 'font-src'])
        expect([name, sourcesOf(one, name)]).toEqual([name, ["'none'"]]);
    });

    it('no address is passed to other hosts, no search engine lists it, and no cache on the way keeps it', async () => {
      const open = await show({ photos: photos(1) });
      const locked = await show({ password: 'sesame' });
      for (const reply of [open, locked, await get('A'.repeat(43))]) {
        expect(reply.headers.get('referrer-policy')).toBe('no-referrer');
        expect(reply.headers.get('x-robots-tag')).toBe('noindex, nofollow');
        expect(reply.text).toContain('<meta name="robots" content="noindex, nofollow">');
        expect(reply.headers.get('cache-control')).toMatch(/^private, /);
      }
      expect(open.headers.get('cache-control')).toBe('private, max-age=60');
      expect(locked.headers.get('cache-control')).toBe('private, no-store');
    });

    it('no log holds the token, and no link leads to a page of the owner', async () => {
      const token = fixture.share({ password: 'sesame' });
      for (const path of [token, `${token}?cursor=x`, `${token}/nowhere`]) await get(path);
      await unlock(token, 'password=wrong');
      expect(JSON.stringify(gateway.logs)).not.toContain(token);
      expect(JSON.stringify(gateway.logs)).not.toContain('sesame');
      const { text } = await show({ photos: photos(2) });
      const hrefs = [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, href = '']) => href);
      for (const href of hrefs) expect(href).toMatch(/^$|^\?|^\/s\/|^\/assets\/|^data:/);
    });
  });

  describe('that does not exist', () => {
    it('is the same page for every reason', async () => {
      const revoked = fixture.share({ photos: photos(1) });
      fixture.revoke(revoked);
      const open = fixture.share();
      const paths = [
        'A'.repeat(43),
        revoked,
        'short',
        `${revoked}?cursor=1`,
        `${open}?cursor=nonsense`,
        `${open}x`,
      ];
      const replies = await Promise.all(paths.map((path) => get(path)));
      expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
      expect(replies.map(({ status }) => status)).toEqual(paths.map(() => 404));
      expect(replies[0]?.text).toContain('There is nothing here');
      expect((await get('A'.repeat(43), { 'accept-language': 'de' })).text).toContain('Hier gibt es nichts');
    });

    it('is another one while the catalog is away', async () => {
      const away = async () => {
        throw new ProblemError('service_unavailable', undefined, { headers: { 'Retry-After': '5' } });
      };
      const other = await start({ shares: { view: away, unlock: away } });
      try {
        const reply = await other.gateway.call(`/s/${'A'.repeat(43)}`);
        expect(reply.status).toBe(503);
        expect(reply.headers.get('retry-after')).toBe('5');
        expect(reply.text).toContain('cannot be shown right now');
      } finally {
        await other.gateway.stop();
      }
    });
  });

  describe('with a password', () => {
    const secret: FixtureLink = {
      password: 'sesame',
      link: { title: 'Our secret', ownerName: 'Anna', albumDescription: 'Hidden' },
      photos: photos(7),
    };

    it('reveals nothing before it is given', async () => {
      const one = await show(secret);
      const two = await show({ password: 'other', link: { kind: 'photo' }, photos: photos(1) });
      expect(one.status).toBe(200);
      for (const word of ['Our secret', 'Anna', 'Hidden', '7', 'og:', '/media/', '<img'])
        expect(
          one.text.replace(/<style>[\s\S]*?<\/style>|<link[^>]*>|<svg[\s\S]*?<\/svg>|\/s\/[\w-]+/g, ''),
        ).not.toContain(word);
      const anonymous = (text: string) => text.replaceAll(/\/s\/[\w-]{43}/g, '/s/…');
      expect(anonymous(one.text)).toBe(anonymous(two.text));
    });

    it('is opened by a plain form, and stays open by a cookie of its own', async () => {
      const token = fixture.share(secret);
      const form = await get(token);
      expect(form.text).toContain(`<form method="post" action="/s/${token}/unlock">`);
      expect(sourcesOf(form, 'form-action')).toEqual(["'self'"]);
      const reply = await unlock(token, 'password=sesame');
      expect([reply.status, reply.headers.get('location')]).toEqual([303, `/s/${token}`]);
      expect(reply.headers.get('cache-control')).toBe('private, no-store');
      expect(reply.headers.get('set-cookie')).toMatch(
        new RegExp(
          `^share-unlock=[\\w.-]+; Path=/s/${token}; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$`,
        ),
      );
      const page = await get(token, { cookie: cookieOf(reply) });
      expect(page.text).toContain('<h1>Our secret</h1>');
      expect(page.headers.get('cache-control')).toBe('private, no-store');
      expect(page.text).not.toContain('og:image');
    });

    it('is not opened by the cookie of another link with the same password', async () => {
      const [one, two] = [fixture.share(secret), fixture.share(secret)];
      const cookie = cookieOf(await unlock(one, 'password=sesame'));
      expect((await get(two, { cookie })).text).not.toContain('Our secret');
      expect((await get(two, { cookie: 'share-unlock=nonsense' })).text).not.toContain('Our secret');
    });

    it('says that a password is wrong or missing, with a status that says so, too', async () => {
      const token = fixture.share(secret);
      const wrong = await unlock(token, 'password=Sesame');
      expect(wrong.status).toBe(403);
      expect(wrong.headers.get('set-cookie')).toBeNull();
      expect(wrong.text).toContain('This password is wrong');
      expect(wrong.text).toContain('aria-invalid="true"');
      for (const body of ['', 'password=', 'other=x', 'password=sesame&password=sesame'])
        expect([body, (await unlock(token, body)).status]).toEqual([body, 400]);
      expect((await unlock(token, JSON.stringify({ password: 'sesame' }), 'application/json')).status).toBe(
        400,
      );
      expect((await unlock(token, `password=${'x'.repeat(1001)}`)).status).toBe(403);
      expect((await unlock(token, `password=${'x'.repeat(20_000)}`)).status).toBe(413);
      expect((await unlock(token, `password=sesame${'&other=x'.repeat(1000)}`)).status).toBe(413);
      expect((await unlock(token, `password=sesame${'&other=x'.repeat(100)}`)).status).toBe(303);
      expect((await unlock('A'.repeat(43), 'password=sesame')).status).toBe(404);
    });

    it('redirects only to its own page, for every request', async () => {
      const token = fixture.share(secret);
      const reply = await gateway.call(
        `/s/${token}/unlock?continue=https://evil.example&next=//evil.example`,
        {
          method: 'POST',
          body: 'password=sesame&continue=https://evil.example',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'x-forwarded-host': 'evil.example',
          },
        },
      );
      expect([reply.status, reply.headers.get('location')]).toEqual([303, `/s/${token}`]);
    });

    it('takes a few guesses only, and says so on the page', async () => {
      const other = await start({ settings: { signInAttempts: 3 } });
      try {
        const token = other.fixture.share(secret);
        const guess = (password: string) =>
          other.gateway.call(`/s/${token}/unlock`, {
            method: 'POST',
            body: `password=${password}`,
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          });
        for (let n = 0; n < 3; n += 1) expect((await guess('wrong')).status).toBe(403);
        const refused = await guess('sesame');
        expect(refused.status).toBe(429);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(refused.text).toContain('too many attempts');
        expect(refused.text).toContain('<form');
      } finally {
        await other.gateway.stop();
      }
    });
  });

  it('limits requests, with a page that says so', async () => {
    const other = await start({ settings: { requestsPerMinute: 2 } });
    try {
      const path = `/s/${other.fixture.share()}`;
      const statuses = [
        await other.gateway.call(path),
        await other.gateway.call(path),
        await other.gateway.call(path),
      ];
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(statuses[2]?.text).toContain('Too many requests');
    } finally {
      await other.gateway.stop();
    }
  });

  it('allows the pictures of a CDN, and sets a cookie that plain HTTP can send', async () => {
    const other = await start({ publicUrl: 'http://nas.local:8080', mediaBaseUrl: 'https://cdn.example' });
    try {
      const page = await other.gateway.call(`/s/${other.fixture.share({ photos: photos(1) })}`);
      expect(sourcesOf(page, 'img-src')).toEqual(['data:', "'self'", 'https://cdn.example']);
      expect(page.text).toContain('srcset="https://cdn.example/s/');
      const token = other.fixture.share(secretOf('sesame'));
      const reply = await other.gateway.call(`/s/${token}/unlock`, {
        method: 'POST',
        body: 'password=sesame',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect(reply.headers.get('set-cookie')).not.toContain('Secure');
    } finally {
      await other.gateway.stop();
    }
  });

  it('has a script that browsers may keep, and other methods are refused', async () => {
    const path = scriptOf(await show({ photos: photos(1) }));
    const script = await gateway.call(path);
    expect(script.status).toBe(200);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const token = fixture.share();
    for (const [target, method, allowed] of [
      [path, 'POST', 'GET, HEAD'],
      [`/s/${token}`, 'POST', 'GET, HEAD'],
      [`/s/${token}/unlock`, 'GET', 'POST'],
    ] as const) {
      const reply = await gateway.call(target, { method });
      expect([target, reply.status, reply.headers.get('allow')]).toEqual([target, 405, allowed]);
    }
  });
});

const secretOf = (password: string): FixtureLink => ({ password });
