import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import type { Source } from './servers/server.js';
import { sourceOf } from './servers/test-run.js';
import { findDebianProgram } from './tools/debian.js';

const DEBIAN_PROGRAM = '/usr/bin/chromium';
const PROGRAMS = [
  DEBIAN_PROGRAM,
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export interface PageOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** What the browser sends as `Accept-Language`. */
  locale?: string;
  javaScript?: boolean;
}

/** A page in a window of its own, with nothing kept from other pages. */
export interface OpenedPage {
  page: Page;
  /**
   * What went wrong so far: errors and warnings on the console (violations of the Content-Security-Policy among them),
   * exceptions of scripts, and requests to another host than the page's own.
   */
  problems(): readonly string[];
  /** What axe-core finds on the page as it is now: the rule, the element, and why. */
  accessibilityViolations(): Promise<string[]>;
  close(): Promise<void>;
}

export interface TestBrowser {
  open(url: string, options?: PageOptions): Promise<OpenedPage>;
  stop(): Promise<void>;
}

/** Starts a headless Chromium, which ends with this process. */
export async function startBrowser(): Promise<TestBrowser> {
  const source = await sourceOf('chromium', findChromium);
  if (source.kind !== 'program')
    throw new Error(`no Chromium for tests: ${source.kind === 'none' && source.reason}`);
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: source.path,
    args: ['--disable-gpu', '--disable-background-networking'],
  });
  return { open: (url, options = {}) => openPage(browser, url, options), stop: () => browser.close() };
}

/** Looks for Chromium or Chrome; installs Debian's package where someone asked for it. */
export async function findChromium(): Promise<Source> {
  const found = PROGRAMS.find((program) => existsSync(program)) ?? DEBIAN_PROGRAM;
  return findDebianProgram(
    'Chromium',
    found,
    ['chromium', 'fonts-dejavu-core'],
    'Install Chromium or Chrome',
  );
}

async function openPage(browser: Browser, url: string, options: PageOptions): Promise<OpenedPage> {
  const { width = 1280, height = 900, colorScheme = 'light', locale = 'en-GB', javaScript = true } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale,
    javaScriptEnabled: javaScript,
    hasTouch: width < 600,
  });
  const page = await context.newPage();
  const problems = recordProblems(page, new URL(url).origin);
  await page.goto(url);
  return {
    page,
    problems: () => problems,
    accessibilityViolations: () => runAxe(page),
    close: () => context.close(),
  };
}

function recordProblems(page: Page, origin: string): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith('http') && target.origin !== origin)
      problems.push(`request to another host: ${request.url()}`);
  });
  return problems;
}

async function runAxe(page: Page): Promise<string[]> {
  const file = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(file, 'utf8'));
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
