import type { NodeApi, NodeDescription } from '@lazyphotos/contracts';
import { methodNotAllowed, setRoute } from '@lazyphotos/service-kit';
import type { Request, Router } from 'express';
import { type Html, html } from './pages/html.js';
import { type Language, languageOf, type Page, sendPage, type Translations } from './pages/page.js';

/** `GET /`: a page for browsers, JSON for other clients. It works on an unclaimed node and while other services do not respond. */
export function mountHome(router: Router, version: string, node: NodeApi): void {
  router.get('/', async (req, res) => {
    setRoute(req, '/');
    const claimed = await node.isClaimed().catch(() => undefined);
    // JSON comes first: a client that accepts every type gets it.
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

/** Hosts that are safe in a command that people copy into a terminal: names, addresses and ports, no character that a shell interprets. */
const HOST = /^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/i;

/** Returns the address at which the client reached this node. The client chooses the Host header, so only a plain host is used. */
function addressOf(req: Request): string | undefined {
  const { host } = req;
  return host !== undefined && HOST.test(host) ? `${req.protocol}://${host}` : undefined;
}

interface HomeState {
  version: string;
  /** Undefined while the auth service does not respond. */
  claimed: boolean | undefined;
  /** The address at which the browser reached the node; undefined if it is not safe in a command. */
  address: string | undefined;
}

const DEFAULT_ADDRESS = 'http://localhost:8080';

/** A command of the CLI. The address is its default for a node on the same computer. */
const command = (text: string, address: string | undefined): Html =>
  html`<pre><code>npx lazyphotos ${text}${
    address !== undefined && address !== DEFAULT_ADDRESS && ` --server ${address}`
  }</code></pre>`;

function claimCard({ claimed, address }: HomeState, language: Language): Html {
  const t = MESSAGES[language];
  if (claimed === undefined)
    return html`<section class="card bad"><h2>${t.unknown}</h2><p>${t.unknownHint}</p></section>`;
  if (claimed) return html`<section class="card"><h2>${t.claimed}</h2><p>${t.claimedHint}</p></section>`;
  const [before, after] = t.codeFile.split('{file}');
  return html`<section class="card notice">
<h2>${t.unclaimed}</h2>
<p>${t.whereCode}</p>
<ul>
<li>${t.codeAtStart}</li>
<li>${before}<code>claim-code.txt</code>${after}</li>
<li>${t.codeInContainers} <code>docker compose logs auth | grep 'Claim code'</code></li>
</ul>
<p>${t.claimInApp}</p>
<p>${t.claimByCommand}</p>
${command('claim', address)}
</section>`;
}

/** The page that a person sees who opens the node's address in a browser. */
function homePage(state: HomeState, language: Language): Page {
  const t = MESSAGES[language];
  const { address, version } = state;
  return {
    language,
    title: t.title,
    description: t.description,
    noindex: true,
    content: html`
<h1>${t.heading}</h1>
<p class="lead">${t.lead}</p>
${claimCard(state, language)}
<section class="card">
<h2>${t.clients}</h2>
${address !== undefined && html`<p>${t.app}</p><pre><code>${address}</code></pre>`}
<p>${t.command}</p>
${command('upload ~/Pictures', address)}
<p class="quiet">${t.commandFolder}</p>
</section>
<section class="card">
<h2>${t.documentation}</h2>
<div class="actions">
<a class="button" href="/docs">${t.openDocs}</a>
<a class="button plain" href="/openapi.json">${t.document}</a>
<a class="button plain" href="/health">${t.health}</a>
<a class="button plain" href="/health/ready">${t.ready}</a>
</div>
</section>
<p class="quiet">LazyPhotos · ${t.version} ${version}</p>`,
  };
}

const en = {
  title: 'LazyPhotos',
  description: 'A photo backup for a family, on a computer at home.',
  heading: 'Your family’s photos, at home',
  lead: 'This is a LazyPhotos node. Phones and computers back their photos up to it, and the photos stay here.',
  unclaimed: 'This node has no owner yet',
  whereCode:
    'The person with the claim code becomes the owner. The code is not shown here; you find it on the node itself:',
  codeAtStart: 'in the terminal where the node was started,',
  codeFile: 'in the file {file} of its data folder,',
  codeInContainers: 'or, if it runs in containers, in the log:',
  claimInApp: 'In an app: enter the address of this page, then the code.',
  claimByCommand: 'With the command line, in the folder of LazyPhotos:',
  claimed: 'This node has an owner',
  claimedHint:
    'If you have an account, sign in with an app or the command line. If you do not, ask the owner for an invitation.',
  unknown: 'The node is not fully available',
  unknownHint:
    'The service for accounts does not respond at the moment, so it is unknown whether the node has an owner. Try again in a minute.',
  clients: 'Get a client',
  app: 'An app for LazyPhotos asks for the address of this node:',
  command: 'The command line needs Node 20 or later. In the folder of LazyPhotos:',
  commandFolder: 'It backs up a folder of photos, and continues where it was after an interruption.',
  documentation: 'For developers',
  openDocs: 'API documentation',
  document: 'OpenAPI document',
  health: 'Health',
  ready: 'Readiness',
  version: 'Version',
};

const MESSAGES: Translations<typeof en> = {
  en,
  de: {
    title: 'LazyPhotos',
    description: 'Eine Fotosicherung für die Familie, auf einem Computer zu Hause.',
    heading: 'Die Fotos der Familie, zu Hause',
    lead: 'Das ist ein LazyPhotos-Knoten. Telefone und Computer sichern ihre Fotos hier, und die Fotos bleiben hier.',
    unclaimed: 'Dieser Knoten gehört noch niemandem',
    whereCode:
      'Besitzer wird, wer den Einrichtungscode hat. Der Code wird hier nicht angezeigt; er steht auf dem Knoten selbst:',
    codeAtStart: 'im Terminal, in dem der Knoten gestartet wurde,',
    codeFile: 'in der Datei {file} in seinem Datenordner,',
    codeInContainers: 'oder, wenn er in Containern läuft, im Protokoll:',
    claimInApp: 'In einer App: die Adresse dieser Seite eingeben, dann den Code.',
    claimByCommand: 'Mit der Befehlszeile, im Ordner von LazyPhotos:',
    claimed: 'Dieser Knoten hat einen Besitzer',
    claimedHint:
      'Mit einem Konto können Sie sich in einer App oder auf der Befehlszeile anmelden. Ohne Konto bitten Sie den Besitzer um eine Einladung.',
    unknown: 'Der Knoten ist nicht ganz verfügbar',
    unknownHint:
      'Der Dienst für Konten antwortet gerade nicht; deshalb ist nicht bekannt, ob der Knoten einen Besitzer hat. Bitte in einer Minute noch einmal versuchen.',
    clients: 'Fotos sichern',
    app: 'Eine App für LazyPhotos fragt nach der Adresse dieses Knotens:',
    command: 'Die Befehlszeile braucht Node 20 oder neuer. Im Ordner von LazyPhotos:',
    commandFolder:
      'Sie sichert einen Ordner mit Fotos und macht nach einer Unterbrechung dort weiter, wo sie war.',
    documentation: 'Für Entwickler',
    openDocs: 'API-Dokumentation',
    document: 'OpenAPI-Dokument',
    health: 'Zustand',
    ready: 'Bereitschaft',
    version: 'Version',
  },
};
