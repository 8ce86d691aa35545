import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Request, Response } from 'express';
import { type Html, html, trusted } from './html.js';

const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The same messages in each language. A message that one of them lacks does not compile. */
export type Translations<Messages> = Readonly<Record<Language, Readonly<Messages>>>;

/** Returns the best language for `Accept-Language` (RFC 9110, section 12.5.4); English when none of them is accepted. */
export function languageOf(req: Request): Language {
  const accepted = req.acceptsLanguages([...LANGUAGES]);
  return LANGUAGES.find((language) => language === accepted) ?? 'en';
}

/** What a page loads besides its own inline styles and scripts. Sources are those of CSP: `'self'`, `data:`, an origin. */
export interface PageSources {
  images?: readonly string[];
  styles?: readonly string[];
  scripts?: readonly string[];
  fonts?: readonly string[];
  fetches?: readonly string[];
  /** Where forms may go. */
  forms?: readonly string[];
}

/** Returns the text of a file of services/gateway/assets. The path is the same from src/ and from dist/. */
export const readAsset = (name: string): string =>
  readFileSync(new URL(`../../assets/${name}`, import.meta.url), 'utf8');

/** How a link to the page looks in a message or a social network (ogp.me). URLs are absolute. */
export interface Preview {
  title: string;
  description?: string;
  url: string;
  image?: { url: string; width?: number; height?: number; alt: string };
}

export interface Page {
  language: Language;
  title: string;
  description: string;
  /** The content of `<main>`, or of `<body>` on a bare page. */
  content: Html;
  /** Search engines must not list it. */
  noindex?: boolean;
  preview?: Preview;
  /** Further elements of `<head>`. */
  head?: Html;
  /** Inlined in this order. A page with its own styles puts them after the shared ones: `[SHARED_STYLES, own]`. */
  styles?: readonly string[];
  /** Module scripts, inlined in this order at the end of the body. */
  scripts?: readonly string[];
  sources?: PageSources;
  /** For a page that needs the whole window: leaves out the header, the column of text, and `<main>`. */
  bare?: boolean;
}

/** A drawing of hills and a sun; inline, so that a page needs no further request. */
const ICON = readAsset('icon.svg').trim();
const ICON_URL = `data:image/svg+xml,${encodeURIComponent(ICON)}`;
/** The styles that all pages share. */
export const SHARED_STYLES = readAsset('page.css');

const SITE_HEADER = html`<header class="site"><a href="/">${trusted(ICON)}<span>LazyPhotos</span></a></header>`;

/**
 * Sends a page with its own Content-Security-Policy. It depends on the language and type that the browser accepts. Pages show what
 * only their reader may see, so no cache keeps them unless `cacheControl` allows it.
 */
export function sendPage(
  res: Response,
  page: Page,
  { status = 200, cacheControl = 'no-store' }: { status?: number; cacheControl?: string } = {},
): void {
  const { document, policy } = renderPage(page);
  res.status(status);
  res.setHeader('Content-Security-Policy', policy);
  res.setHeader('X-Frame-Options', 'DENY');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  if (page.noindex) res.setHeader('X-Robots-Tag', 'noindex, nofollow');
  res.setHeader('Cache-Control', cacheControl);
  res.setHeader('Content-Language', page.language);
  res.vary('Accept-Language');
  res.vary('Accept');
  res.type('html').send(document);
}

/** Returns the whole document, and the policy under which a browser may show it. */
export function renderPage(page: Page): { document: string; policy: string } {
  const {
    language,
    title,
    description,
    content,
    sources = {},
    styles = [SHARED_STYLES],
    scripts = [],
  } = page;
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<meta name="description" content="${description}">
${page.noindex && html`<meta name="robots" content="noindex, nofollow">\n`}${
  page.preview && previewTags(page.preview, language)
}<link rel="icon" href="${ICON_URL}">
${page.head}${styles.map((style) => html`<style>${trusted(style)}</style>\n`)}</head>
${page.bare ? html`<body>\n${content}` : html`<body class="text">\n${SITE_HEADER}\n<main>${content}</main>`}
${scripts.map((script) => html`<script type="module">${trusted(script)}</script>\n`)}</body>
</html>
`;
  return { document: document.toString(), policy: contentSecurityPolicy(sources, { styles, scripts }) };
}

/** og: tags have the attribute `property`, not `name`; social networks read nothing else. */
function previewTags(preview: Preview, language: Language): Html {
  const { title, description, url, image } = preview;
  const properties: [string, string | number | undefined][] = [
    ['og:site_name', 'LazyPhotos'],
    ['og:type', 'website'],
    ['og:locale', language === 'de' ? 'de_DE' : 'en_GB'],
    ['og:title', title],
    ['og:description', description],
    ['og:url', url],
    ['og:image', image?.url],
    ['og:image:width', image?.width],
    ['og:image:height', image?.height],
    ['og:image:alt', image?.alt],
  ];
  return html`${properties
    .filter(([, content]) => content !== undefined)
    .map(([property, content]) => html`<meta property="${property}" content="${content}">\n`)}`;
}

const hashOf = (content: string): string =>
  `'sha256-${createHash('sha256').update(content).digest('base64')}'`;

/**
 * Returns the Content-Security-Policy of a page: only what the page names, and its inline styles and scripts by their hashes
 * (CSP level 3). No page may frame it, and no `<base>` may redirect its links.
 */
function contentSecurityPolicy(
  sources: PageSources,
  inline: { styles: readonly string[]; scripts: readonly string[] },
): string {
  const directives: Record<string, readonly string[]> = {
    'default-src': [],
    'style-src': [...inline.styles.map(hashOf), ...(sources.styles ?? [])],
    'script-src': [...inline.scripts.map(hashOf), ...(sources.scripts ?? [])],
    'img-src': ['data:', ...(sources.images ?? [])],
    'font-src': sources.fonts ?? [],
    'connect-src': sources.fetches ?? [],
    'form-action': sources.forms ?? [],
    'base-uri': [],
    'frame-ancestors': [],
  };
  return Object.entries(directives)
    .map(([name, values]) => `${name} ${values.length > 0 ? values.join(' ') : "'none'"}`)
    .join('; ');
}
