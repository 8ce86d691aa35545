import { readFileSync } from 'node:fs';
import { contentSecurityPolicy, type PageSources } from './content-security-policy.js';
import { type Html, html, trusted } from './html.js';
import type { Language } from './language.js';

/** A file of services/gateway/assets; the same from src/ and from dist/. */
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
  /** What stands in `<main>`; in `<body>` itself on a bare page. */
  content: Html;
  /** Search engines must not list it. */
  noindex?: boolean;
  preview?: Preview;
  /** Further elements of `<head>`. */
  head?: Html;
  /** Inlined in this order. A page with styles of its own puts them after the shared ones: `[sharedStyles, own]`. */
  styles?: readonly string[];
  /** Module scripts, inlined in this order at the end of the body. */
  scripts?: readonly string[];
  sources?: PageSources;
  /** For a page that needs the whole window: leaves out the header, the column of text, and `<main>`. */
  bare?: boolean;
}

/** Our own drawing, so that a page needs no further request: hills and a sun. */
const ICON = readAsset('icon.svg').trim();
const ICON_URL = `data:image/svg+xml,${encodeURIComponent(ICON)}`;
/** The looks that all pages share. */
export const sharedStyles = readAsset('page.css');

/** og: tags are properties, not names; social networks read nothing else. */
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

const header = html`<header class="site"><a href="/">${trusted(ICON)}<span>LazyPhotos</span></a></header>`;

/** The whole document, and the policy under which a browser may show it. */
export function renderPage(page: Page): { document: string; policy: string } {
  const { language, title, description, content, sources = {}, styles = [sharedStyles], scripts = [] } = page;
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
${page.bare ? html`<body>\n${content}` : html`<body class="text">\n${header}\n<main>${content}</main>`}
${scripts.map((script) => html`<script type="module">${trusted(script)}</script>\n`)}</body>
</html>
`;
  return { document: document.toString(), policy: contentSecurityPolicy(sources, { styles, scripts }) };
}
