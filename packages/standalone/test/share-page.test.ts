import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  describeWithBrowser,
  eventually,
  http,
  type OpenedPage,
  type PageOptions,
  startBrowser,
  type TestBrowser,
} from '@lazyphotos/testkit';
import { claim, type Phone } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import { createNodeFolder, type NodeFolder, type NodeProcess } from './support/node-process.js';

/** More than a page of the list. */
const PHOTOS = 45;
const phone: PageOptions = { width: 390, height: 844 };
const desktop: PageOptions = { width: 1280, height: 800 };
const windows = [
  ['a phone', { ...phone, colorScheme: 'light' }],
  ['a phone at night', { ...phone, colorScheme: 'dark' }],
  ['a desktop', { ...desktop, colorScheme: 'light' }],
  ['a desktop at night', { ...desktop, colorScheme: 'dark' }],
] satisfies [string, PageOptions][];

interface Link {
  id: string;
  url: string;
}

describeWithBrowser('the page of a share link, on a whole node', () => {
  let folder: NodeFolder;
  let node: NodeProcess;
  let owner: Phone;
  let browser: TestBrowser;
  let opened: OpenedPage;
  let albumId: string;
  let link: Link;

  const share = async (options: object): Promise<Link> => {
    const reply = await owner.call('/share-links', { json: options });
    if (reply.status !== 201) throw new Error(reply.text);
    return reply.body;
  };
  const upload = async (): Promise<string[]> => {
    const photos = join(folder.path, 'photos');
    await mkdir(photos);
    const ids: string[] = [];
    for (const photo of await distinctPhotos(photos, PHOTOS))
      ids.push((await owner.upload(photo)).body.photoId);
    for (const id of ids) expect((await owner.processed(id)).processing).toBe('ready');
    return ids;
  };
  const album = async (json: object, photoIds: string[]): Promise<string> => {
    const { id } = (await owner.call('/albums', { json })).body;
    await owner.call(`/albums/${id}/items`, { json: { photoIds } });
    return id;
  };

  beforeAll(async () => {
    [folder, browser] = await Promise.all([createNodeFolder(), startBrowser()]);
    node = await folder.start({ LAZYPHOTOS_REQUESTS_PER_MINUTE: '100000' });
    owner = await claim(node.url, node.claimCode(), 'owner@example.org');
    albumId = await album({ name: 'A week on the coast', description: 'Rain,\nand sun.' }, await upload());
    link = await share({ albumId });
  });
  afterEach(() => opened?.close());
  afterAll(async () => {
    await browser?.stop();
    await folder?.remove();
  });

  const open = async (url: string, options: PageOptions = phone) => {
    opened = await browser.open(url, options);
    return opened.page;
  };
  const expectNothingWrong = async () => {
    expect(opened.problems()).toEqual([]);
    expect(await opened.accessibilityViolations()).toEqual([]);
  };
  /** Where the photos of the grid are, and whether each has loaded. */
  const tiles = () =>
    opened.page.locator('.grid li').evaluateAll((items) =>
      items.map((item) => {
        const { left, right, top, height } = item.getBoundingClientRect();
        const image = item.querySelector('img');
        return { left, right, top, height, isLoaded: image?.complete === true && image.naturalWidth > 0 };
      }),
    );
  const focused = () => opened.page.evaluate(() => document.activeElement?.getAttribute('href') ?? '');
  const label = () => opened.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  const count = () => opened.page.locator('.viewer .count').textContent();
  const large = () =>
    opened.page.locator('.viewer .stage img').evaluate((image: HTMLImageElement) => image.naturalWidth);
  const expectLarge = () => eventually(async () => expect(await large()).toBeGreaterThan(300));

  describe.each(windows)('on %s', (_, options) => {
    it('has no fault, and fills its rows', async () => {
      const page = await open(link.url, options);
      expect(await page.locator('h1').textContent()).toBe('A week on the coast');
      await eventually(async () => {
        const visible = (await tiles()).filter(({ top }) => top < (options.height ?? 0));
        expect(visible.length).toBeGreaterThan(3);
        expect(visible.filter(({ isLoaded }) => !isLoaded)).toEqual([]);
      });
      const rows = [...Map.groupBy(await tiles(), ({ top }) => Math.round(top)).values()];
      expect(rows.length).toBeGreaterThan(2);
      const edge = await page.locator('.grid').evaluate((grid) => grid.getBoundingClientRect().right);
      for (const row of rows.slice(0, -1)) {
        for (const { height } of row) expect(Math.abs(height - (row[0]?.height ?? 0))).toBeLessThan(1);
        expect(edge - (row.at(-1)?.right ?? 0)).toBeLessThan(10);
      }
      const { content, window } = await page.evaluate(() => ({
        content: document.documentElement.scrollWidth,
        window: document.documentElement.clientWidth,
      }));
      expect(content).toBeLessThanOrEqual(window);
      await expectNothingWrong();
    });

    it('shows a photo large, without a fault', async () => {
      const page = await open(link.url, options);
      await page.locator('.grid a').nth(1).click();
      await expectLarge();
      expect(await count()).toBe(`2 / ${PHOTOS}`);
      await expectNothingWrong();
    });

    it('works without scripts, too', async () => {
      const page = await open(link.url, { ...options, javaScript: false });
      const before = page.url();
      await page.locator('.grid a').first().click();
      await page.waitForURL(/\?photo=/);
      expect(await page.locator('.frame img').count()).toBe(1);
      await page.locator('a[rel=next]').click();
      await page.locator('a[rel=prev]').waitFor();
      const original = await page.locator('a', { hasText: 'Download' }).getAttribute('href');
      const led = await http(new URL(original ?? '', page.url()).href);
      const bytes = await http(new URL(led.headers.get('location') ?? '', page.url()).href);
      expect([led.status, bytes.status]).toEqual([302, 200]);
      expect(bytes.headers.get('content-disposition')).toMatch(/^attachment/);
      await page.locator('h1 a').click();
      await page.waitForURL(before);
      await page.locator('.more a').click();
      await page.waitForURL(/\?cursor=/);
      expect(await page.locator('.grid li').count()).toBe(PHOTOS - 24);
      expect(opened.problems()).toEqual([]);
    });
  });

  it('brings more photos as one scrolls, with their looks', async () => {
    const page = await open(link.url, desktop);
    await page.locator('.grid li').first().waitFor();
    await eventually(async () => {
      await page.mouse.wheel(0, 3000);
      expect(await page.locator('.grid li').count()).toBe(PHOTOS);
    });
    await page.locator('.grid li').last().scrollIntoViewIfNeeded();
    await eventually(async () => expect((await tiles()).at(-1)?.isLoaded).toBe(true));
    const looks = await page
      .locator('.grid li')
      .last()
      .evaluate((item) => [
        getComputedStyle(item).getPropertyValue('--r'),
        getComputedStyle(item).getPropertyValue('--c'),
      ]);
    expect(looks[0]).toMatch(/^[\d.]+$/);
    expect(looks[1]).toMatch(/^#[0-9a-f]{3}$/);
    expect(await page.locator('.more').count()).toBe(0);
    await expectNothingWrong();
  });

  it('draws the blurred photo until the photo is there', async () => {
    opened = await browser.open(`${node.url}/health`, phone);
    const { page } = opened;
    await page.route('**/media/**', () => undefined);
    await page.goto(link.url, { waitUntil: 'domcontentloaded' });
    const canvas = page.locator('.grid canvas').first();
    await canvas.waitFor();
    const colours = await canvas.evaluate((element: HTMLCanvasElement) => {
      const pixels = element.getContext('2d')?.getImageData(0, 0, element.width, element.height).data ?? [];
      return new Set(new Uint32Array(new Uint8ClampedArray(pixels).buffer)).size;
    });
    expect(colours).toBeGreaterThan(1);
  });

  it('is used with the keyboard alone', async () => {
    const page = await open(link.url, desktop);
    const photos = await page
      .locator('.grid a')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    for (let n = 0; n < 10 && (await focused()) !== photos[0]; n += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe(photos[1]);
    const ring = await page.evaluate(() =>
      document.activeElement ? getComputedStyle(document.activeElement, '::after').borderTopWidth : '',
    );
    expect(ring).toBe('4px');
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await count()).toBe(`2 / ${PHOTOS}`));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await eventually(async () => expect(await count()).toBe(`3 / ${PHOTOS}`));
    expect(page.url()).toMatch(String(photos[2]));
    // Focus stays in the dialog, and every control of it is reached and has a name.
    const names = new Set<string>();
    for (let n = 0; n < 8; n += 1) {
      await page.keyboard.press('Tab');
      names.add(await label());
    }
    for (const name of ['Download', 'Close', 'Previous photo', 'Next photo'])
      expect([...names]).toContain(name);
    await page.keyboard.press('Escape');
    await page.locator('.viewer').waitFor({ state: 'hidden' });
    await eventually(async () => expect(await focused()).toBe(photos[2]));
    await page.waitForURL(link.url);
    await expectNothingWrong();
  });

  it('has no button without a target at the ends of the list', async () => {
    const page = await open(link.url, desktop);
    await page.locator('.grid a').first().click();
    expect(await page.locator('.viewer .previous').isVisible()).toBe(false);
    for (let n = 1; n < PHOTOS; n += 1) {
      await page.keyboard.press('ArrowRight');
      await eventually(async () => expect(await count()).toBe(`${n + 1} / ${PHOTOS}`));
    }
    expect(await page.locator('.viewer .next').isVisible()).toBe(false);
    await page.keyboard.press('ArrowRight');
    await page.locator('.viewer .close').click();
    expect(await page.locator('.grid li').count()).toBe(PHOTOS);
  });

  it('closes a photo with the back button, opens it with the forward button, and shows its page when it is loaded again', async () => {
    const page = await open(link.url);
    await page.locator('.grid a').nth(2).click();
    await page.waitForURL(/\?photo=/);
    await page.goBack();
    await page.locator('.viewer').waitFor({ state: 'hidden' });
    await page.goForward();
    await eventually(async () => expect(await count()).toBe(`3 / ${PHOTOS}`));
    await page.reload();
    await page.locator('.frame img').waitFor();
    await page.goBack();
    await page.locator('.grid').waitFor();
  });

  it('shows the beginning of a long description, and leads to all of it', async () => {
    const description = `Low tide. ${'We walked on. '.repeat(100)}The end.`;
    const [first = '', second = ''] = (await owner.call('/photos?limit=2')).body.photos.map(
      ({ id }: { id: string }) => id,
    );
    for (const [id, text] of [
      [first, description],
      [second, 'A gull.'],
    ])
      expect((await owner.call(`/photos/${id}/metadata`, { json: { description: text } })).status).toBe(200);
    const described = await share({ albumId: await album({ name: 'Walks' }, [first, second]) });
    const page = await open(described.url);
    const caption = () => page.locator('.viewer figcaption span').textContent();
    const whole = page.getByText('Read the whole text');
    await page.locator(`.grid a[href*="${second}"]`).click();
    await eventually(async () => expect(await caption()).toMatch(/^A gull\./));
    expect(await whole.isVisible()).toBe(false);
    await page.locator('.viewer .close').click();
    await page.locator('.viewer').waitFor({ state: 'hidden' });
    await page.locator(`.grid a[href*="${first}"]`).click();
    await eventually(async () => expect(await caption()).toMatch(/^Low tide\. .*…/));
    await expectNothingWrong();
    await whole.click();
    await page.locator('.frame img').waitFor();
    expect(await page.locator('.about').textContent()).toBe(description.trim());
    await page.goBack();
    await page.locator('.grid').waitFor();
  });

  it('follows the finger: sideways to other photos, down to the list', async () => {
    const page = await open(link.url);
    const touch = await page.context().newCDPSession(page);
    const swipe = async (by: { x: number; y: number }) => {
      const at = (part: number) => [{ x: 200 + by.x * part, y: 400 + by.y * part }];
      await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
      for (const part of [0.25, 0.5, 0.75, 1])
        await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(part) });
      await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    await page.locator('.grid a').nth(1).tap();
    await expectLarge();
    await swipe({ x: -150, y: 10 });
    await eventually(async () => expect(await count()).toBe(`3 / ${PHOTOS}`));
    await swipe({ x: 150, y: -10 });
    await eventually(async () => expect(await count()).toBe(`2 / ${PHOTOS}`));
    await swipe({ x: 20, y: 0 });
    expect(await count()).toBe(`2 / ${PHOTOS}`);
    await swipe({ x: 10, y: 200 });
    await page.locator('.viewer').waitFor({ state: 'hidden' });
    expect(opened.problems()).toEqual([]);
  });

  it('renews the addresses of pictures when they have ended', async () => {
    opened = await browser.open(`${node.url}/health`, phone);
    const { page } = opened;
    // Three pictures, which fail again when their page has been renewed once.
    const refused = new Set<string>();
    let renewals = 0;
    await page.route(link.url, (route) => {
      if (route.request().headers()['x-requested-with']) renewals += 1;
      return route.continue();
    });
    await page.route('**/media/**', (route) => {
      const { pathname } = new URL(route.request().url());
      if (refused.size < 3) refused.add(pathname);
      return renewals < 2 && refused.has(pathname) ? route.fulfill({ status: 403 }) : route.continue();
    });
    await page.goto(link.url);
    await eventually(async () => {
      const visible = (await tiles()).filter(({ top }) => top < 844);
      expect(visible.filter(({ isLoaded }) => !isLoaded)).toEqual([]);
    });
    expect([refused.size, renewals]).toEqual([3, 2]);
    const { viewCount } = (await owner.call(`/share-links/${link.id}`)).body;
    await page.reload();
    expect((await owner.call(`/share-links/${link.id}`)).body.viewCount).toBe(viewCount + 1);
  });

  it('ends when the link is revoked while it is open', async () => {
    const short = await share({ albumId });
    const page = await open(short.url);
    await page.locator('.grid img').first().waitFor();
    await owner.call(`/share-links/${short.id}`, { method: 'DELETE' });
    await page.route('**/media/**', (route) => route.fulfill({ status: 403 }));
    await page.locator('.grid a').nth(5).click();
    await page.getByText('There is nothing here').waitFor();
    expect(await opened.accessibilityViolations()).toEqual([]);
  });

  it.each([true, false])('asks for a password before it shows anything (scripts: %s)', async (javaScript) => {
    const locked = await share({ albumId, password: 'open sesame' });
    const page = await open(locked.url, { ...phone, javaScript, locale: 'de-DE' });
    expect(await page.locator('h1').textContent()).toBe('Dieser Link ist mit einem Passwort geschützt');
    if (javaScript) await expectNothingWrong();
    // The field has the focus.
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Das Passwort ist falsch').waitFor();
    if (javaScript) expect(await opened.accessibilityViolations()).toEqual([]);
    await page.locator('#password').fill('open sesame');
    await page.keyboard.press('Enter');
    await page.waitForURL(locked.url);
    expect(await page.locator('h1').textContent()).toBe('A week on the coast');
    await eventually(async () => expect((await tiles())[0]?.isLoaded).toBe(true));
    const other = await share({ albumId, password: 'open sesame' });
    await page.goto(other.url);
    expect(await page.locator('#password').count()).toBe(1);
  });

  it('shows a single photo, an empty album, and few photos', async () => {
    const [first = '', second = ''] = (await owner.call('/photos?limit=2')).body.photos.map(
      ({ id }: { id: string }) => id,
    );
    const one = await share({ photoId: first, title: 'The sea' });
    for (const options of [phone, desktop]) {
      const page = await open(one.url, options);
      expect(await page.locator('h1').textContent()).toBe('The sea');
      await eventually(async () =>
        expect(
          await page.locator('.frame img').evaluate((image: HTMLImageElement) => image.naturalWidth),
        ).toBeGreaterThan(0),
      );
      await expectNothingWrong();
      await opened.close();
    }
    const empty = await share({ albumId: await album({ name: 'Nothing yet' }, []) });
    const page = await open(empty.url);
    await page.getByText('There are no photos here yet.').waitFor();
    await expectNothingWrong();
    const few = await share({ albumId: await album({ name: 'Two' }, [first, second]) });
    await page.goto(few.url);
    await eventually(async () => expect((await tiles()).every(({ isLoaded }) => isLoaded)).toBe(true));
    await expectNothingWrong();
  });
});
