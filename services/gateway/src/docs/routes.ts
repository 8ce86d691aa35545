import { randomBytes } from 'node:crypto';
import { methodNotAllowed, setRoute } from '@lazyphotos/service-kit';
import type { RequestHandler, Router } from 'express';
import { languageOf } from '../pages/language.js';
import { sendPage } from '../pages/send.js';
import { docsPage } from './page.js';
import { findViewer, type Viewer } from './viewer.js';

const A_YEAR = 'public, max-age=31536000, immutable';
const FIVE_MINUTES = 'public, max-age=300';

/** Browsers accept gzip on plain HTTP too, which a node at home uses. */
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

/** Serves the API's description; it is made on the first request, so that a node which nobody asks does not carry it. */
export function mountDocs(router: Router): void {
  const viewer = findViewer();
  const viewerPath = `/docs/${viewer.name}`;
  const paths = ['/docs', '/docs/openapi.yaml', '/openapi.json', viewerPath];
  let made: Promise<{ json: string; yaml: string }> | undefined;
  const description = () => {
    made ??= import('@lazyphotos/contracts/openapi').then(({ openApiJson, openApiYaml }) => ({
      json: openApiJson(),
      yaml: openApiYaml(),
    }));
    return made;
  };

  router.get('/docs', (req, res) => {
    setRoute(req, '/docs');
    const nonce = randomBytes(16).toString('base64');
    sendPage(res, docsPage({ viewer, nonce }, languageOf(req)));
  });
  router.get(viewerPath, sendViewer(viewer));
  router.get('/openapi.json', async (req, res) => {
    setRoute(req, '/openapi.json');
    const { json } = await description();
    res.type('application/json').setHeader('Cache-Control', FIVE_MINUTES);
    res.send(json);
  });
  router.get('/docs/openapi.yaml', async (req, res) => {
    setRoute(req, '/docs/openapi.yaml');
    const { yaml } = await description();
    res.type('application/yaml').setHeader('Cache-Control', FIVE_MINUTES);
    res.send(yaml);
  });
  router.all(paths, methodNotAllowed(['GET']));
}
