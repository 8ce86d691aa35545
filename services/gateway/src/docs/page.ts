import { html } from '../pages/html.js';
import type { Language } from '../pages/language.js';
import { type Page, readAsset } from '../pages/page.js';
import type { Viewer } from './viewer.js';

const STYLES = readAsset('docs.css');
const SCRIPT = readAsset('docs.js');

/**
 * The API documentation: Redoc shows /openapi.json. What it needs beyond the pages' common policy:
 * - its script as a file of ours, and a request for the document;
 * - styles with a nonce, since it makes them while it runs (styled-components), so no hash is known beforehand;
 * - fonts from data: URLs, for the icons that are part of its style sheet.
 */
export function docsPage({ viewer, nonce }: { viewer: Viewer; nonce: string }, language: Language): Page {
  return {
    language,
    title: language === 'de' ? 'LazyPhotos · API-Dokumentation' : 'LazyPhotos · API documentation',
    description: 'LazyPhotos API',
    noindex: true,
    bare: true,
    styles: [STYLES],
    scripts: [SCRIPT],
    head: html`<meta property="csp-nonce" content="${nonce}" nonce="${nonce}">\n`,
    content: html`<redoc spec-url="/openapi.json" disable-telemetry="true"></redoc>
<noscript><p>${
      language === 'de'
        ? 'Diese Seite braucht JavaScript. Das Dokument selbst:'
        : 'This page needs JavaScript. The document itself:'
    } <a href="/openapi.json">openapi.json</a>, <a href="/docs/openapi.yaml">openapi.yaml</a></p></noscript>
<script type="module" src="/docs/${viewer.name}"></script>`,
    sources: {
      scripts: ["'self'"],
      styles: [`'nonce-${nonce}'`],
      fetches: ["'self'"],
      fonts: ['data:'],
    },
  };
}
