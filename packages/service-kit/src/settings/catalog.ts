import { z } from 'zod';

/** One setting: the environment variable, how it is read, and the sentence that documents it. */
export interface Setting<T extends z.ZodType = z.ZodType> {
  name: string;
  schema: T;
  /** What an absent setting means, in words, where the schema has no plain default. */
  absent?: string;
  /** May be given as <NAME>_FILE as well; never logged. */
  secret?: boolean;
  description: string;
}

const setting = <T extends z.ZodType>(
  name: string,
  schema: T,
  description: string,
  more: Pick<Setting, 'absent' | 'secret'> = {},
): Setting<T> => ({ name, schema, description, ...more });

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
const port = wholeNumber(0, 65_535);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' });
const path = z.string().min(1);
const signingKey = z.string().min(32, 'must have at least 32 characters');

/** Every setting of the system. Each entry point picks those that it needs; docs/configuration.md is generated from here. */
export const settingsCatalog = {
  port: setting('LAZYPHOTOS_PORT', port.default(8080), 'The port of the HTTP server; 0 takes any free port'),
  host: setting('LAZYPHOTOS_HOST', z.string().min(1).optional(), 'The address to listen on', {
    absent: '127.0.0.1 for `npm start`, 0.0.0.0 in containers',
  }),
  dataDir: setting(
    'LAZYPHOTOS_DATA_DIR',
    path.default('./data'),
    'Embedded database, objects, keys, claim code and logs; relative to the folder of the start',
  ),
  publicUrl: setting(
    'LAZYPHOTOS_PUBLIC_URL',
    httpUrl.optional(),
    'The base of every URL that the API answers',
    {
      absent: 'http://localhost:<LAZYPHOTOS_PORT>',
    },
  ),
  mediaBaseUrl: setting(
    'MEDIA_BASE_URL',
    httpUrl.optional(),
    'The base of signed media URLs, for a CDN in front',
    {
      absent: 'LAZYPHOTOS_PUBLIC_URL',
    },
  ),
  metricsPort: setting(
    'LAZYPHOTOS_METRICS_PORT',
    port.default(9090),
    'The port of GET /metrics, on LAZYPHOTOS_HOST; 0 takes any free port',
  ),
  logLevel: setting(
    'LAZYPHOTOS_LOG_LEVEL',
    z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    'The least severe level that is logged',
  ),
  logOutput: setting(
    'LAZYPHOTOS_LOG_OUTPUT',
    z.enum(['auto', 'stdout', 'file']).default('auto'),
    'Where `npm start` writes its JSON logs: `file` is <data>/logs, `auto` is the file on a terminal and stdout elsewhere',
  ),
  validateAnswers: setting(
    'LAZYPHOTOS_VALIDATE_ANSWERS',
    flag.default(false),
    'Check every answer against its schema before it is sent; for tests',
  ),
  trustedProxies: setting(
    'LAZYPHOTOS_TRUSTED_PROXIES',
    z
      .string()
      .transform((list) => list.split(',').map((entry) => entry.trim()))
      .pipe(
        z.array(
          z.union([
            z.enum(['loopback', 'linklocal', 'uniquelocal']),
            z.cidrv4(),
            z.cidrv6(),
            z.ipv4(),
            z.ipv6(),
          ]),
        ),
      )
      .optional(),
    'Proxies whose X-Forwarded-* headers are believed: addresses, networks, or loopback, linklocal, uniquelocal; comma-separated',
    { absent: 'none' },
  ),
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
  registration: setting(
    'LAZYPHOTOS_REGISTRATION',
    z.enum(['closed', 'invite', 'open']).default('invite'),
    'Who may register once the node is claimed',
  ),
  accessTokenSeconds: setting(
    'LAZYPHOTOS_ACCESS_TOKEN_SECONDS',
    wholeNumber(1, 3600).default(900),
    'How long an access token is good',
  ),
  refreshTokenDays: setting(
    'LAZYPHOTOS_REFRESH_TOKEN_DAYS',
    wholeNumber(1, 3650).default(90),
    'How long a session lasts without being refreshed',
  ),
  chunkBytes: setting(
    'LAZYPHOTOS_CHUNK_BYTES',
    wholeNumber(5 * 1024 ** 2, 95 * 1000 ** 2).default(8 * 1024 ** 2),
    'The chunk size of new upload sessions: at least what S3 wants of a part, at most what common proxies let through',
  ),
  uploadMaxBytes: setting(
    'LAZYPHOTOS_UPLOAD_MAX_BYTES',
    wholeNumber(1, Number.MAX_SAFE_INTEGER).default(4 * 1024 ** 3),
    'The largest file that is accepted',
  ),
  uploadSessionHours: setting(
    'LAZYPHOTOS_UPLOAD_SESSION_HOURS',
    wholeNumber(1, 8760).default(168),
    'How long an upload session is kept after its last chunk',
  ),
  trashDays: setting(
    'LAZYPHOTOS_TRASH_DAYS',
    wholeNumber(0, 36_500).default(30),
    'How long photos stay in the trash before they are removed for good',
  ),
  mediaUrlSeconds: setting(
    'LAZYPHOTOS_MEDIA_URL_SECONDS',
    wholeNumber(1, 7 * 86_400).default(3600),
    'How long a signed media URL is good at least; it is good for twice as long at most, and the same URL is answered meanwhile',
  ),
  mediaConcurrency: setting(
    'LAZYPHOTOS_MEDIA_CONCURRENCY',
    wholeNumber(1, 64).optional(),
    'How many photos are processed at a time',
    { absent: 'half of the processors, at least 1' },
  ),
  maxPixels: setting(
    'LAZYPHOTOS_MAX_PIXELS',
    wholeNumber(1, 2_000_000_000).default(268_402_689),
    'Pictures with more pixels than this are kept, but get no previews',
  ),
  databaseUrl: setting('LAZYPHOTOS_DATABASE_URL', postgresUrl, "The service's own database (containers)", {
    absent: 'must be given in containers; embedded for `npm start`',
    secret: true,
  }),
  databasePool: setting(
    'LAZYPHOTOS_DATABASE_POOL',
    wholeNumber(1, 100).default(5),
    'The largest number of connections that one service opens to its database',
  ),
  busUrl: setting('LAZYPHOTOS_BUS_URL', postgresUrl, 'The event bus: a PostgreSQL database (containers)', {
    absent: 'must be given in containers; embedded for `npm start`',
    secret: true,
  }),
  objectsDir: setting(
    'LAZYPHOTOS_OBJECTS_DIR',
    path,
    'The folder of the filesystem object store (containers)',
    {
      absent: 'must be given in containers; <data>/storage for `npm start`',
    },
  ),
  scratchDir: setting(
    'LAZYPHOTOS_SCRATCH_DIR',
    path.default('/tmp'),
    'Where temporary files go (containers)',
  ),
  keysDir: setting(
    'LAZYPHOTOS_KEYS_DIR',
    path,
    'Where the auth service keeps its signing keys (containers)',
    {
      absent: 'must be given in containers; <data>/keys for `npm start`',
    },
  ),
  mediaSigningKey: setting(
    'LAZYPHOTOS_MEDIA_SIGNING_KEY',
    signingKey,
    'Signs media URLs; the same for gateway, catalog and feed (containers)',
    { absent: 'must be given in containers; made on the first `npm start`', secret: true },
  ),
  authUrl: setting('LAZYPHOTOS_AUTH_URL', httpUrl, 'The address of the auth service (containers)', {
    absent: 'must be given in containers',
  }),
  uploadUrl: setting('LAZYPHOTOS_UPLOAD_URL', httpUrl, 'The address of the upload service (containers)', {
    absent: 'must be given in containers',
  }),
  catalogUrl: setting('LAZYPHOTOS_CATALOG_URL', httpUrl, 'The address of the catalog service (containers)', {
    absent: 'must be given in containers',
  }),
  mediaWorkerUrl: setting(
    'LAZYPHOTOS_MEDIA_WORKER_URL',
    httpUrl.optional(),
    "The address of the media worker, for the gateway's readiness (containers)",
    { absent: 'readiness leaves it out' },
  ),
  feedUrl: setting('LAZYPHOTOS_FEED_URL', httpUrl, 'The address of the feed service (containers)', {
    absent: 'must be given in containers',
  }),
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settingsCatalog;
export type Settings<K extends SettingKey> = { [P in K]: z.output<(typeof settingsCatalog)[P]['schema']> };
