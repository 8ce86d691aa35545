import { SERVICE_NAMES } from '@lazyphotos/contracts';
import { z } from 'zod';
import { type BodyLimits, CHUNK_WINDOW_MS } from './http/slow-bodies.js';
import { baseUrl, flag, httpUrl, oneOf, type SettingsOf, setting, text, wholeNumber } from './settings.js';

const port = wholeNumber(0, 65_535);
const IN_CONTAINERS = { absent: 'must be given in containers' };

/** What every service reads, and a node in one process. */
export const chassisSettings = {
  port: setting('LAZYPHOTOS_PORT', port.default(8080), 'The port of the HTTP server; 0 takes any free port'),
  host: setting('LAZYPHOTOS_HOST', text().optional(), 'The address to listen on', {
    absent: '127.0.0.1 for `npm start`, 0.0.0.0 in containers',
  }),
  publicUrl: setting(
    'LAZYPHOTOS_PUBLIC_URL',
    httpUrl.optional(),
    'The base of every URL in the responses of the API',
    { absent: 'http://localhost:<LAZYPHOTOS_PORT>' },
  ),
  metricsPort: setting(
    'LAZYPHOTOS_METRICS_PORT',
    port.default(9090),
    'The port of GET /metrics, on LAZYPHOTOS_HOST; 0 takes any free port',
  ),
  logLevel: setting(
    'LAZYPHOTOS_LOG_LEVEL',
    oneOf('error', 'warn', 'info', 'debug').default('info'),
    'The least severe level that is logged',
  ),
  validateAnswers: setting(
    'LAZYPHOTOS_VALIDATE_ANSWERS',
    flag.default(false),
    'Check every response against its schema before it is sent; for tests',
  ),
  bodySeconds: setting(
    'LAZYPHOTOS_BODY_SECONDS',
    wholeNumber(1, 3600).default(60),
    'How long a client may take to send the body of a request that is no chunk of a file',
  ),
  chunkBytesPerSecond: setting(
    'LAZYPHOTOS_CHUNK_BYTES_PER_SECOND',
    wholeNumber(1, 1_000_000).default(1000),
    'The least rate at which a chunk must come in, as the average of each minute in which the node waits for it; a slower one is ended',
  ),
};

export const bodyLimitsOf = ({
  bodySeconds,
  chunkBytesPerSecond,
}: Pick<SettingsOf<typeof chassisSettings>, 'bodySeconds' | 'chunkBytesPerSecond'>): BodyLimits => ({
  wholeMs: bodySeconds * 1000,
  chunkBytesPerSecond,
  chunkWindowMs: CHUNK_WINDOW_MS,
});

const base64 = z.base64('must be base64');
const peerKeys = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim().split(/=(.*)/s, 2)))
  .pipe(z.array(z.tuple([z.enum(SERVICE_NAMES), base64]), 'must be <service>=<key>, comma-separated'))
  .transform((entries) => new Map(entries));

/** How the services of different containers know each other. */
export const identitySettings = {
  serviceKey: setting(
    'LAZYPHOTOS_SERVICE_KEY',
    base64,
    'The private key of this service, which proves its name to the others: P-256, PKCS #8, base64 (containers)',
    { ...IN_CONTAINERS, secret: true },
  ),
  peerKeys: setting(
    'LAZYPHOTOS_PEER_KEYS',
    peerKeys,
    'The public keys of all services: <service>=<P-256, SPKI, base64>, comma-separated (containers)',
    IN_CONTAINERS,
  ),
};

/** Between our own services; TLS there is the task of a service mesh or a private network. */
const serviceUrl = baseUrl(/^http$/, 'must be an http:// URL');
const address = (name: string, what: string) =>
  setting(`LAZYPHOTOS_${name}_URL`, serviceUrl, `The address of the ${what} (containers)`, IN_CONTAINERS);

/** The addresses of the services that others call. */
export const addressSettings = {
  auth: address('AUTH', 'auth service'),
  upload: address('UPLOAD', 'upload service'),
  catalog: address('CATALOG', 'catalog service'),
  'media-worker': address('MEDIA_WORKER', 'media worker'),
  feed: address('FEED', 'feed service'),
};

const signingSettings = {
  mediaBaseUrl: setting(
    'MEDIA_BASE_URL',
    httpUrl.optional(),
    'The base of signed media URLs and of pictures of share links without a password, for a CDN in front',
    { absent: 'LAZYPHOTOS_PUBLIC_URL' },
  ),
  mediaSigningKey: setting(
    'LAZYPHOTOS_MEDIA_SIGNING_KEY',
    text(32, 'must have at least 32 characters'),
    'Signs media URLs; the same for gateway, catalog and feed (containers)',
    { absent: 'must be given in containers; created by the first `npm start`', secret: true },
  ),
};

/** What `createMediaUrls` needs. */
export const mediaUrlSettings = {
  ...signingSettings,
  mediaUrlSeconds: setting(
    'LAZYPHOTOS_MEDIA_URL_SECONDS',
    wholeNumber(1, 7 * 86_400).default(3600),
    'The shortest time that a signed media URL is valid. It is valid for at most twice as long, and stays the same for a while. That of a copy with edits ends within 12 hours',
  ),
};

/** What `createShareSigning` needs. */
export const shareSettings = {
  ...signingSettings,
  shareMediaSeconds: setting(
    'LAZYPHOTOS_SHARE_MEDIA_SECONDS',
    wholeNumber(2, 86_400).default(900),
    "The longest time that a picture's URL of a share link is valid, at the node and in a cache in front of it: a revoked link stops within this time. It is valid for at least half of it",
  ),
};
