import { randomBytes } from 'node:crypto';
import { methodNotAllowed, setRoute } from '@lazyphotos/service-kit';
import type { RequestHandler, Router } from 'express';
import { html } from '../pages/html.js';
import { type Language, languageOf, type Page, readAsset, sendPage } from '../pages/page.js';
import { findViewer, type Viewer } from './viewer.js';

const A_YEAR = 'public, max-age=31536000, immutable';
const FIVE_MINUTES = 'public, max-age=300';

/** Serves the description of the API. It is made on the first request, so that it takes no memory before. */
export function mountDocs(router: Router): void {
  const viewer = findViewer();
  const viewerPath = `/docs/${viewer.name}`;
  const paths = ['/docs', '/docs/openapi.yaml', '/openapi.json', viewerPath];
  let json: string | undefined;
  let yaml: string | undefined;

  router.get('/docs', (req, res) => {
    setRoute(req, '/docs');
    const nonce = randomBytes(16).toString('base64');
    sendPage(res, docsPage(viewer, nonce, languageOf(req)));
  });
  router.get(viewerPath, sendViewer(viewer));
  router.get('/openapi.json', async (req, res) => {
    setRoute(req, '/openapi.json');
    json ??= (await import('@lazyphotos/contracts/openapi')).openApiJson();
    res.type('application/json').setHeader('Cache-Control', FIVE_MINUTES);
    res.send(json);
  });
  router.get('/docs/openapi.yaml', async (req, res) => {
    setRoute(req, '/docs/openapi.yaml');
    yaml ??= (await import('@lazyphotos/contracts/openapi')).openApiYaml();
    res.type('application/yaml').setHeader('Cache-Control', FIVE_MINUTES);
    res.send(yaml);
  });
  router.all(paths, methodNotAllowed(['GET']));
}

/** Sends the viewer's script. Browsers accept gzip on plain HTTP too, which a node at home uses. */
const sendViewer =
  (viewer: Viewer): RequestHandler =>
  (req, res, next) => {
    setRoute(req, '/docs/viewer');
    const isCompressed = req.acceptsEncodings('gzip') === 'gzip';
    if (isCompressed) res.setHeader('Content-Encoding', 'gzip');
    res.vary('Accept-Encoding');
    res.type('js').setHeader('Cache-Control', A_YEAR);
    res.sendFile(isCompressed ? viewer.gzipped : viewer.file, { cacheControl: false }, (error) => {
      if (!error || res.headersSent) return;
      res.removeHeader('Content-Encoding');
      next(error);
    });
  };

const STYLES = readAsset('docs.css');
const SCRIPT = readAsset('docs.js');

/**
 * The API documentation: Redoc shows /openapi.json. It needs more than the policy of the other pages:
 * - its script as a file, and a request for the document;
 * - styles with a nonce, since it makes them while it runs (styled-components), so their hashes are not known beforehand;
 * - fonts from data: URLs, for the icons that are part of its style sheet.
 */
function docsPage(viewer: Viewer, nonce: string, language: Language): Page {
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
        ? 'Diese Seite braucht JavaScript. Das Dokument ist auch ohne JavaScript lesbar:'
        : 'This page needs JavaScript. The document can be read without it:'
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
