/**
 * A step of the build: copies the viewer of the documentation, a browser bundle from npm, into dist/viewer. The bundle loads a logo
 * from its makers' server and can send them telemetry. A node makes no requests to third parties, so these addresses are replaced.
 * Fails when a new version of the viewer holds other addresses.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { VIEWER_FOLDER } from './viewer.js';

const logo = (text: string): string =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="12"><text y="10" font-family="sans-serif" font-size="10" fill="#4f86f7">${text}</text></svg>`)}`;

const REPLACEMENTS: readonly (readonly [string, string])[] = [
  ['https://cdn.redoc.ly/redoc/logo-mini-full.svg', logo('Redocly')],
  ['https://cdn.redoc.ly/redoc/logo-mini.svg', logo('Redoc')],
  ['https://cdn.redocly.com/icons/fa/7.0.0', '/docs/icons'],
  ['https://cdn.redocly.com/icons/code/5.24.0', '/docs/icons'],
  ['https://otel.cloud.redocly.com/v1/traces', '/docs/telemetry'],
];
/** Hosts from which the viewer loads something, or to which it sends something. Links that a person follows do not match. */
const FOREIGN = /https?:\/\/(cdn|otel|[\w.-]*\.cloud)\.[\w.-]+[\w./-]*/g;

const require = createRequire(import.meta.url);
const bundle = require.resolve('redoc/bundles/redoc.standalone.js');
let code = readFileSync(bundle, 'utf8');
for (const [address, replacement] of REPLACEMENTS) {
  if (!code.includes(address)) throw new Error(`the viewer does not use ${address} any more: ${bundle}`);
  code = code.replaceAll(address, replacement);
}
const foreign = code.match(FOREIGN);
if (foreign) throw new Error(`the viewer uses other servers: ${foreign.join(', ')}`);

mkdirSync(VIEWER_FOLDER, { recursive: true });
writeFileSync(join(VIEWER_FOLDER, 'redoc.js'), code);
writeFileSync(join(VIEWER_FOLDER, 'redoc.js.gz'), gzipSync(code, { level: 9 }));
copyFileSync(join(dirname(require.resolve('redoc/package.json')), 'LICENSE'), join(VIEWER_FOLDER, 'LICENSE'));
