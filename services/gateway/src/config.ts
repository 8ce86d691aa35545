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

export const gatewaySettings = {
  requestsPerMinute: setting(
    'LAZYPHOTOS_REQUESTS_PER_MINUTE',
    wholeNumber(1, 1_000_000).default(1200),
    'How many requests without a token one client address may make in a minute',
  ),
  signInAttempts: setting(
    'LAZYPHOTOS_SIGN_IN_ATTEMPTS',
    wholeNumber(1, 100_000).default(30),
    'How many failed sign-ins, registrations, refreshes and claims one client address may make in 5 minutes',
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
  mediaDelivery: setting(
    'MEDIA_DELIVERY',
    oneOf('proxy', 'presigned').default('proxy'),
    'How signed media URLs are served: `proxy` streams through the gateway, `presigned` redirects to the S3 server',
  ),
};
export type GatewaySettings = SettingsOf<typeof gatewaySettings>;
