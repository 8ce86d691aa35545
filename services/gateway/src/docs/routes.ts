import { methodNotAllowed, setRoute } from '@lazyphotos/service-kit';
import type { Router } from 'express';

/** Serves the API's description; it is made on the first request, so that a node which nobody asks does not carry it. */
export function mountDocs(router: Router): void {
  let document: Promise<string> | undefined;
  router.get('/docs/openapi.yaml', async (req, res) => {
    setRoute(req, '/docs/openapi.yaml');
    document ??= import('@lazyphotos/contracts/openapi').then(({ openApiYaml }) => openApiYaml());
    res.type('application/yaml').setHeader('Cache-Control', 'public, max-age=300');
    res.send(await document);
  });
  router.get('/docs', (req, res) => {
    setRoute(req, '/docs');
    res.redirect('/docs/openapi.yaml');
  });
  router.all(['/docs', '/docs/openapi.yaml'], methodNotAllowed(['GET']));
}
