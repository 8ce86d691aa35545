import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { oneOf, type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';
import { z } from 'zod';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

const proxy = z.union([
  z.enum(['loopback', 'linklocal', 'uniquelocal']),
  z.cidrv4(),
  z.cidrv6(),
  z.ipv4(),
  z.ipv6(),
]);

const LARGEST_DEFAULT_CACHE = 32_000_000;
/** Of the memory that this process may use: 16 MB on a Pi with 1 GB, 3 MB in a container with 192 MB. */
const CACHE_SHARE = 64;

/** The memory of the machine, or of the container. */
const availableMemory = (): number => Math.min(totalmem(), process.constrainedMemory() || totalmem());

export const gatewaySettings = {
  requestsPerMinute: setting(
    'LAZYPHOTOS_REQUESTS_PER_MINUTE',
    wholeNumber(1, 1_000_000).default(1200),
    'How many requests without a token one client address may make in a minute',
  ),
  signInAttempts: setting(
    'LAZYPHOTOS_SIGN_IN_ATTEMPTS',
    wholeNumber(1, 100_000).default(30),
    'How many failed sign-ins, registrations and claims one client address may make in 5 minutes',
  ),
  trustedProxies: setting(
    'LAZYPHOTOS_TRUSTED_PROXIES',
    text(0)
      .transform((list) => list.split(',').map((entry) => entry.trim()))
      .pipe(z.array(proxy))
      .optional(),
    'Proxies whose X-Forwarded-* headers are trusted: addresses, networks, or loopback, linklocal, uniquelocal; comma-separated',
    { absent: 'none' },
  ),
  upstreamConnections: setting(
    'LAZYPHOTOS_UPSTREAM_CONNECTIONS',
    wholeNumber(4, 10_000).default(128),
    'How many connections the gateway has to each service (containers); one user, or one address without a user, uses a quarter of them at most',
  ),
  chunksInFlight: setting(
    'LAZYPHOTOS_CHUNKS_IN_FLIGHT',
    wholeNumber(4, 10_000).default(96),
    'How many chunks may come in at a time; one user may send a quarter of them',
  ),
  downloadsInFlight: setting(
    'LAZYPHOTOS_DOWNLOADS_IN_FLIGHT',
    wholeNumber(4, 10_000).default(96),
    'How many pictures may be read from the object store at a time; one address may get a quarter of them of each user',
  ),
  queueSeconds: setting(
    'LAZYPHOTOS_QUEUE_SECONDS',
    wholeNumber(1, 60).default(10),
    'How long a request waits for its turn when too many are under way, before it is refused with 429 or 503',
  ),
  mediaDelivery: setting(
    'MEDIA_DELIVERY',
    oneOf('proxy', 'presigned').default('proxy'),
    'How signed media URLs are served: `proxy` streams through the gateway, `presigned` redirects to the S3 server',
  ),
  previewCacheBytes: setting(
    'LAZYPHOTOS_PREVIEW_CACHE_BYTES',
    wholeNumber(0, 2 ** 32)
      .optional()
      .transform(
        (bytes) => bytes ?? Math.min(LARGEST_DEFAULT_CACHE, Math.floor(availableMemory() / CACHE_SHARE)),
      ),
    'How much memory previews may take that were asked for lately; 0 keeps none. With S3 a preview that was purged is sent for a second more at most',
    { absent: '32000000, or a 64th of the memory if that is less' },
  ),
};
export type GatewaySettings = SettingsOf<typeof gatewaySettings>;
