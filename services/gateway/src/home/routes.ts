import type { NodeDescription } from '@lazyphotos/contracts';
import { methodNotAllowed, setRoute } from '@lazyphotos/service-kit';
import type { Request, Router } from 'express';
import type { IsClaimed } from '../claimed.js';
import { languageOf } from '../pages/language.js';
import { sendPage } from '../pages/send.js';
import { homePage } from './page.js';

/** What may stand in a command that people copy into a terminal: names, addresses and ports, and nothing that a shell reads. */
const HOST = /^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/i;

/** Where the client has found this node. The Host header is the client's own word, so anything but a plain host is dropped. */
function addressOf(req: Request): string | undefined {
  const { host } = req;
  return host !== undefined && HOST.test(host) ? `${req.protocol}://${host}` : undefined;
}

/** `GET /`: a page for browsers, JSON for other clients. It responds while the node is unclaimed and while others are away. */
export function mountHome(router: Router, deps: { version: string; isClaimed: IsClaimed }): void {
  const { version, isClaimed } = deps;
  router.get('/', async (req, res) => {
    setRoute(req, '/');
    const claimed = await isClaimed().catch(() => undefined);
    // JSON comes first: it is what a client gets that accepts everything.
    if (req.accepts(['json', 'html']) === 'html') {
      sendPage(res, homePage({ version, claimed, address: addressOf(req) }, languageOf(req)));
      return;
    }
    const description: NodeDescription = {
      name: 'LazyPhotos',
      version,
      ...(claimed === undefined ? {} : { claimed }),
      docs: '/docs',
      openapi: '/openapi.json',
      health: '/health',
      readiness: '/health/ready',
    };
    res.vary('Accept-Language');
    res.vary('Accept');
    res.setHeader('Cache-Control', 'no-store');
    res.json(description);
  });
  router.all('/', methodNotAllowed(['GET']));
}
