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
  ['a phone', { width: 390, height: 844 }],
  ['a desktop', { width: 1280, height: 900 }],
];
const colorSchemes = ['light', 'dark'] as const;

/** What has the focus: its text or label, and its address. */
async function focused({ page }: OpenedPage): Promise<string> {
  const element = page.locator(':focus');
  if ((await element.count()) === 0) return '';
  const name = (await element.getAttribute('aria-label')) ?? (await element.textContent()) ?? '';
  return `${name.trim()} ${(await element.getAttribute('href')) ?? ''}`.trim();
}

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
  let unclaimed: Gateway;
  let withoutAuth: Gateway;
  let browser: TestBrowser;
  let opened: OpenedPage;
  beforeAll(async () => {
    [gateway, unclaimed, withoutAuth, browser] = await Promise.all([
      startGateway(),
      startGateway(),
      startGateway(),
      startBrowser(),
    ]);
    unclaimed.state.claimed = false;
    withoutAuth.state.claimed = 'unknown';
  });
  afterEach(() => opened.close());
  afterAll(() => Promise.all([browser, gateway, unclaimed, withoutAuth].map((one) => one.stop())));

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
    const { content, window } = await opened.page.evaluate<{ content: number; window: number }>(
      '({ content: document.documentElement.scrollWidth, window: document.documentElement.clientWidth })',
    );
    expect(content).toBeLessThanOrEqual(window);
  };

  describe.each(windows)('on %s', (_, options) => {
    it.each([
      ['claimed', () => gateway, 'This node has an owner'],
      ['unclaimed', () => unclaimed, 'This node has no owner yet'],
      ['without its auth service', () => withoutAuth, 'The node is not fully available'],
    ] as const)('the home page of a node %s has no fault', async (_state, node, says) => {
      opened = await browser.open(`${node().url}/`, options);
      expect(await opened.page.locator('h2').first().textContent()).toBe(says);
      for (const colorScheme of colorSchemes) {
        await opened.page.emulateMedia({ colorScheme });
        await expectNothingWrong();
      }
      await expectFits();
    });

    it.each(colorSchemes)('the documentation has no fault, in %s colours', async (colorScheme) => {
      const page = await open('/docs', { ...options, colorScheme });
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
    await page.getByText('Verify and store the photo').first().waitFor();
    expect(opened.problems()).toEqual([]);
  });
});
