import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { html, trusted } from '../src/pages/html.js';
import { type Page, renderPage } from '../src/pages/page.js';

const HOSTILE = `"><script>alert('x')</script>&amp;`;

const page = (more: Partial<Page> = {}): Page => ({
  language: 'en',
  title: 'A title',
  description: 'A description',
  content: html`<p>Hello</p>`,
  ...more,
});

const sourcesOf = (policy: string, directive: string): string[] =>
  policy
    .split('; ')
    .find((part) => part.startsWith(`${directive} `))
    ?.split(' ')
    .slice(1) ?? [];

describe('a template', () => {
  test('escapes every text in it, so that none becomes markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const markup = html`<a title="${text}">${text}</a>`.toString();
        const inside = markup.replace(/^<a title="/, '').replace(/<\/a>$/, '');
        const [attribute = '', content = ''] = inside.split('">');
        for (const part of [attribute, content])
          expect(part).not.toMatch(/["'<>]|&(?!(amp|lt|gt|quot|#39);)/);
        expect(content).toBe(attribute);
      }),
    );
  });

  test('keeps templates inside templates, and the parts of lists', () => {
    const items = ['<a>', 'b'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}${trusted('<hr>')}</ul>`.toString()).toBe(
      '<ul><li>&lt;a&gt;</li><li>b</li><hr></ul>',
    );
  });

  test('shows nothing for what is not there, and a zero for a zero', () => {
    expect(html`${undefined}${null}${false}${[]}${0}${''}`.toString()).toBe('0');
  });
});

describe('a page', () => {
  test('escapes titles, descriptions and previews', () => {
    const { document } = renderPage(
      page({
        title: HOSTILE,
        description: HOSTILE,
        content: html`${HOSTILE}`,
        preview: {
          title: HOSTILE,
          description: HOSTILE,
          url: `https://node.example/${HOSTILE}`,
          image: { url: `https://node.example/${HOSTILE}`, alt: HOSTILE },
        },
      }),
    );
    expect(document).not.toContain('<script');
    expect(document).not.toContain(`alert('x')`);
    for (const property of ['og:title', 'og:description', 'og:url', 'og:image', 'og:image:alt'])
      expect(document).toContain(`<meta property="${property}" content="`);
    expect(document).not.toContain('og:image:width');
  });

  test('allows nothing but its own styles and scripts, by their hashes', () => {
    const { document, policy } = renderPage(page({ scripts: ['document.title = "ready";'] }));
    const inline = (tag: string) =>
      [...document.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))].map(
        ([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`,
      );
    expect(sourcesOf(policy, 'style-src')).toEqual(inline('style'));
    expect(sourcesOf(policy, 'script-src')).toEqual(inline('script'));
    expect(inline('style')).toHaveLength(1);
    expect(inline('script')).toHaveLength(1);
    for (const name of [
      'default-src',
      'connect-src',
      'form-action',
      'base-uri',
      'frame-ancestors',
      'font-src',
    ])
      expect([name, sourcesOf(policy, name)]).toEqual([name, ["'none'"]]);
    expect(sourcesOf(policy, 'img-src')).toEqual(['data:']);
    expect(document).not.toMatch(/\s(style|on\w+)=/);
  });

  test('allows what it names on top of that', () => {
    const { policy } = renderPage(
      page({ sources: { images: ["'self'", 'https://media.example'], forms: ["'self'"] } }),
    );
    expect(sourcesOf(policy, 'img-src')).toEqual(['data:', "'self'", 'https://media.example']);
    expect(sourcesOf(policy, 'form-action')).toEqual(["'self'"]);
    expect(sourcesOf(policy, 'script-src')).toEqual(["'none'"]);
  });

  test('says its language, and whether search engines may list it', () => {
    expect(renderPage(page({ language: 'de' })).document).toContain('<html lang="de">');
    expect(renderPage(page()).document).not.toContain('noindex');
    expect(renderPage(page({ noindex: true })).document).toContain(
      '<meta name="robots" content="noindex, nofollow">',
    );
  });
});
