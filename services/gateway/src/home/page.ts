import { type Html, html } from '../pages/html.js';
import type { Language } from '../pages/language.js';
import type { Page } from '../pages/page.js';
import { homeMessages } from './messages.js';

export interface HomeState {
  version: string;
  /** Undefined while the auth service cannot be asked. */
  claimed: boolean | undefined;
  /** The address at which the browser has found the node; undefined when it must not stand in a command. */
  address: string | undefined;
}

const DEFAULT_ADDRESS = 'http://localhost:8080';

/** A command of the CLI. The address is its default for a node on the same computer. */
const command = (text: string, address: string | undefined): Html =>
  html`<pre><code>npx lazyphotos ${text}${
    address !== undefined && address !== DEFAULT_ADDRESS && ` --server ${address}`
  }</code></pre>`;

function claimCard({ claimed, address }: HomeState, language: Language): Html {
  const t = homeMessages[language];
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

/** What a person sees who opens the node's address in a browser. */
export function homePage(state: HomeState, language: Language): Page {
  const t = homeMessages[language];
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
