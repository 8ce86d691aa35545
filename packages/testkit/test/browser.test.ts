import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  describeWithBrowser,
  type Listening,
  listen,
  startBrowser,
  type TestBrowser,
} from '@lazyphotos/testkit';

const PAGES: Record<string, string> = {
  '/good': '<!doctype html><html lang="en"><title>Good</title><main><h1>Good</h1></main></html>',
  '/bad': `<!doctype html><html lang="en"><title>Bad</title>
    <main><h1>Bad</h1><img src="http://other.invalid/a.png"></main><script>document.title = 'x'</script></html>`,
};

describeWithBrowser('a browser for tests', () => {
  let site: Listening;
  let browser: TestBrowser;
  beforeAll(async () => {
    site = await listen((req, res) => {
      res.setHeader('Content-Type', 'text/html');
      res.setHeader('Content-Security-Policy', "default-src 'none'; img-src http: data:");
      res.end((PAGES[req.url ?? ''] ?? '').replace('<title>', '<link rel="icon" href="data:,"><title>'));
    });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.stop();
    await site.close();
  });

  test('finds nothing wrong with a good page', async () => {
    const opened = await browser.open(`${site.url}/good`, { width: 390 });
    expect(opened.problems()).toEqual([]);
    expect(await opened.accessibilityViolations()).toEqual([]);
    await opened.close();
  });

  test('reports blocked scripts, requests to other hosts, and what axe finds', async () => {
    const opened = await browser.open(`${site.url}/bad`);
    expect(opened.problems()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/Content Security Policy/),
        'request to another host: http://other.invalid/a.png',
      ]),
    );
    expect(await opened.accessibilityViolations()).toEqual([expect.stringMatching(/^image-alt: <img/)]);
    await opened.close();
  });
});
