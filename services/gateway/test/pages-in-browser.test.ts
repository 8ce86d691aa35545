import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  describeWithBrowser,
  type OpenedPage,
  type PageOptions,
  startBrowser,
  type TestBrowser,
} from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';

const windows: [string, PageOptions][] = [
  ['a phone', { width: 390, height: 844, colorScheme: 'light' }],
  ['a phone at night', { width: 390, height: 844, colorScheme: 'dark' }],
  ['a desktop', { width: 1280, height: 900, colorScheme: 'light' }],
  ['a desktop at night', { width: 1280, height: 900, colorScheme: 'dark' }],
];

/** What has the focus: its text or label, and its address. */
const focused = (opened: OpenedPage) =>
  opened.page.evaluate(() => {
    const element = document.activeElement;
    const name = element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    return `${name.trim()} ${element?.getAttribute('href') ?? ''}`.trim();
  });

/** What a person reaches with the Tab key, in this order, until something comes that `isLast`. */
async function reachable(opened: OpenedPage, isLast: (name: string) => boolean): Promise<string[]> {
  const names: string[] = [];
  for (let presses = 0; presses < 100; presses++) {
    await opened.page.keyboard.press('Tab');
    names.push(await focused(opened));
    if (isLast(names.at(-1) ?? '')) return names;
  }
  throw new Error(`not reached: ${names.join(', ')}`);
}

describeWithBrowser('in a browser', () => {
  let gateway: Gateway;
  let browser: TestBrowser;
  let opened: OpenedPage;
  beforeAll(async () => {
    gateway = await startGateway();
    browser = await startBrowser();
  });
  afterEach(() => opened.close());
  afterAll(async () => {
    await browser.stop();
    await gateway.stop();
  });

  const open = async (path: string, options: PageOptions = {}) => {
    opened = await browser.open(gateway.url + path, options);
    return opened.page;
  };
  const expectNothingWrong = async () => {
    expect(opened.problems()).toEqual([]);
    expect(await opened.accessibilityViolations()).toEqual([]);
  };
  /** Nothing makes a person scroll sideways. */
  const expectFits = async () => {
    const { content, window } = await opened.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    expect(content).toBeLessThanOrEqual(window);
  };

  describe.each(windows)('on %s', (_, options) => {
    it.each([false, true, 'unknown'] as const)(
      'the home page of a node (claimed: %s) has no fault',
      async (claimed) => {
        const other = await startGateway();
        try {
          other.state.claimed = claimed;
          opened = await browser.open(`${other.url}/`, options);
          expect(await opened.page.locator('h1').textContent()).toBe('Your family’s photos, at home');
          await expectNothingWrong();
          await expectFits();
        } finally {
          await other.stop();
        }
      },
    );

    it('the documentation has no fault', async () => {
      const page = await open('/docs', options);
      await page.locator('h1').first().waitFor();
      await expectNothingWrong();
      await expectFits();
      await page.goto(`${gateway.url}/docs#/upload`);
      await page.getByText('/upload-sessions/{id}/complete').first().waitFor();
      await expectNothingWrong();
    });
  });

  it('the home page is in the language of the browser', async () => {
    const page = await open('/', { locale: 'de-CH' });
    expect(await page.locator('h1').textContent()).toBe('Die Fotos der Familie, zu Hause');
    await expectNothingWrong();
  });

  it('the home page works without scripts and with the keyboard alone', async () => {
    const page = await open('/', { javaScript: false });
    const names = await reachable(opened, (name) => name.endsWith('/health/ready'));
    expect(names.map((name) => name.split(' ').at(-1))).toEqual([
      '/',
      '/docs',
      '/openapi.json',
      '/health',
      '/health/ready',
    ]);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/health');
  });

  it('the documentation is found with the keyboard alone', async () => {
    const page = await open('/docs');
    await page.locator('[data-testid="search-trigger"][role="button"]').waitFor();
    await reachable(opened, (name) => name.endsWith('#/upload'));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/docs#/upload');
    await page.locator('[data-testid="search-trigger"]').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('completeUpload');
    await page.getByText('Verify and keep the photo').first().waitFor();
    expect(opened.problems()).toEqual([]);
  });
});
