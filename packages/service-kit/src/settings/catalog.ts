import { serviceNames } from '@lazyphotos/contracts';
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
/** Between our own services; whoever wants TLS there has a mesh or a private network under them. */
const serviceUrl = z
  .url({ protocol: /^http$/, error: 'must be an http:// URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' });
const busUrl = z.url({
  protocol: /^(amqps?|postgres(ql)?)$/,
  error: 'must be an amqp://, amqps:// or postgresql:// URL',
});
/** Amazon's rules, without the dots, which break certificates. */
const bucketName = z.string().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'must be a bucket name');
const path = z.string().min(1);
const signingKey = z.string().min(32, 'must have at least 32 characters');

const base64 = z.base64('must be base64');
const peerKeys = z
  .string()
  .transform((list) => list.split(',').map((entry) => entry.trim().split(/=(.*)/s, 2)))
  .pipe(z.array(z.tuple([z.enum(serviceNames), base64]), 'must be <service>=<key>, comma-separated'))
  .transform((entries) => new Map(entries));
const hostAndPort = z
  .string()
  .regex(/^[\w.-]+:\d{1,5}$/, 'must be host:port')
  .transform((address) => {
    const [host = '', port = ''] = address.split(':');
    return { host, port: Number(port) };
  });
const provisioned = (service: string) =>
  setting(
    `LAZYPHOTOS_${service}_DATABASE_URL`,
    postgresUrl,
    'The LAZYPHOTOS_DATABASE_URL of that service, whose role and database are to be made; for provisioning only',
    { absent: 'must be given for provisioning', secret: true },
  );

const storeUser = (service: string) => ({
  id: setting(
    `S3_${service}_ACCESS_KEY_ID`,
    z.string().min(3).optional(),
    'The S3_ACCESS_KEY_ID of that service, whose user is to be made on MinIO; for provisioning only',
    { absent: 'no user is made', secret: true },
  ),
  secret: setting(
    `S3_${service}_SECRET_ACCESS_KEY`,
    z.string().min(8).optional(),
    'The S3_SECRET_ACCESS_KEY of that service; for provisioning only',
    { absent: 'no user is made', secret: true },
  ),
});
const s3Gateway = storeUser('GATEWAY');
const s3Upload = storeUser('UPLOAD');
const s3MediaWorker = storeUser('MEDIA_WORKER');

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
    'The base of signed media URLs and of pictures of share links without a password, for a CDN in front',
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
  archiveMaxBytes: setting(
    'LAZYPHOTOS_ARCHIVE_MAX_BYTES',
    wholeNumber(1, Number.MAX_SAFE_INTEGER).default(64 * 1024 ** 3),
    'The largest archive that is accepted for an import',
  ),
  importDir: setting(
    'IMPORT_DIR',
    path.optional(),
    "A folder with archives to import from, on the upload service's disk. The node's owner and administrators may import all that is below it, others what is in the subfolder named by their user id",
    { absent: 'archives are uploaded' },
  ),
  importReserveBytes: setting(
    'LAZYPHOTOS_IMPORT_RESERVE_BYTES',
    wholeNumber(0, Number.MAX_SAFE_INTEGER).default(2 * 1024 ** 3),
    'How much room an import leaves free in the object store, for phones; it pauses while there is less',
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
    'How long a signed media URL is good at least; it is good for twice as long at most, and the same URL is answered meanwhile. That of a copy with edits ends within 12 hours',
  ),
  shareMediaSeconds: setting(
    'LAZYPHOTOS_SHARE_MEDIA_SECONDS',
    wholeNumber(2, 86_400).default(900),
    "How long a picture's URL of a share link is good at most, at the node and in a cache in front of it: a revoked link stops within this time. It is good for half of it at least",
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
    'Pictures with more pixels than this are kept, but get no previews. HEIC and AVIF are also limited by memory: an eighth of what the process may have, 192 to 512 MiB',
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
  busUrl: setting(
    'LAZYPHOTOS_BUS_URL',
    busUrl,
    'The event bus: RabbitMQ (amqp://, amqps://), or a PostgreSQL database of its own (postgresql://) (containers)',
    { absent: 'must be given in containers; embedded for `npm start`', secret: true },
  ),
  objectsDir: setting(
    'LAZYPHOTOS_OBJECTS_DIR',
    path.optional(),
    'The folder of the filesystem object store, shared by the services that use it (containers)',
    { absent: 'S3_BUCKET must be given in containers; <data>/storage for `npm start`' },
  ),
  s3Bucket: setting('S3_BUCKET', bucketName.optional(), 'The bucket of the S3 object store (containers)', {
    absent: 'LAZYPHOTOS_OBJECTS_DIR must be given in containers',
  }),
  s3Endpoint: setting('S3_ENDPOINT', httpUrl.optional(), 'The address of the S3 server (containers)', {
    absent: "Amazon's, of S3_REGION",
  }),
  s3PublicEndpoint: setting(
    'S3_PUBLIC_ENDPOINT',
    httpUrl.optional(),
    'The address under which clients reach the S3 server, for presigned URLs (containers)',
    { absent: 'S3_ENDPOINT' },
  ),
  s3Region: setting(
    'S3_REGION',
    z.string().min(1).default('us-east-1'),
    'The region of the bucket (containers)',
  ),
  s3AccessKeyId: setting(
    'S3_ACCESS_KEY_ID',
    z.string().min(3).optional(),
    "The service's user of the S3 server (containers)",
    { absent: "the surroundings' own, such as the role of the machine", secret: true },
  ),
  s3SecretAccessKey: setting(
    'S3_SECRET_ACCESS_KEY',
    z.string().min(8).optional(),
    'The secret of S3_ACCESS_KEY_ID (containers)',
    { absent: "the surroundings' own, such as the role of the machine", secret: true },
  ),
  s3PathStyle: setting(
    'S3_PATH_STYLE',
    flag.default(true),
    'Whether the bucket stands in the path of S3 URLs, as MinIO wants it, and not in the host name (containers)',
  ),
  s3AdminAccessKeyId: setting(
    'S3_ADMIN_ACCESS_KEY_ID',
    z.string().min(3),
    'The administrator of the S3 server, for provisioning only',
    { absent: 'must be given for provisioning', secret: true },
  ),
  s3AdminSecretAccessKey: setting(
    'S3_ADMIN_SECRET_ACCESS_KEY',
    z.string().min(8),
    'The secret of S3_ADMIN_ACCESS_KEY_ID, for provisioning only',
    { absent: 'must be given for provisioning', secret: true },
  ),
  s3GatewayAccessKeyId: s3Gateway.id,
  s3GatewaySecretAccessKey: s3Gateway.secret,
  s3UploadAccessKeyId: s3Upload.id,
  s3UploadSecretAccessKey: s3Upload.secret,
  s3MediaWorkerAccessKeyId: s3MediaWorker.id,
  s3MediaWorkerSecretAccessKey: s3MediaWorker.secret,
  mediaDelivery: setting(
    'MEDIA_DELIVERY',
    z.enum(['proxy', 'presigned']).default('proxy'),
    'How signed media URLs are served: `proxy` streams through the gateway, `presigned` redirects to the S3 server',
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
  serviceKey: setting(
    'LAZYPHOTOS_SERVICE_KEY',
    base64,
    'The private key of this service, with which it tells the others who it is: P-256, PKCS #8, base64 (containers)',
    { absent: 'must be given in containers', secret: true },
  ),
  peerKeys: setting(
    'LAZYPHOTOS_PEER_KEYS',
    peerKeys,
    'The public keys of all services: <service>=<P-256, SPKI, base64>, comma-separated (containers)',
    { absent: 'must be given in containers' },
  ),
  clamavAddress: setting(
    'CLAMAV_ADDRESS',
    hostAndPort.optional(),
    'host:port of a ClamAV daemon (clamd) that looks at every upload before it is accepted',
    { absent: 'uploads are not scanned' },
  ),
  clamavMaxBytes: setting(
    'CLAMAV_MAX_BYTES',
    wholeNumber(1024, Number.MAX_SAFE_INTEGER).default(100 * 1024 ** 2),
    "How much of a larger file is scanned; not more than the daemon's StreamMaxLength",
  ),
  adminDatabaseUrl: setting(
    'LAZYPHOTOS_ADMIN_DATABASE_URL',
    postgresUrl,
    'A PostgreSQL administrator, who makes roles and databases; for provisioning only',
    { absent: 'must be given for provisioning', secret: true },
  ),
  gatewayDatabaseUrl: provisioned('GATEWAY'),
  authDatabaseUrl: provisioned('AUTH'),
  uploadDatabaseUrl: provisioned('UPLOAD'),
  catalogDatabaseUrl: provisioned('CATALOG'),
  feedDatabaseUrl: provisioned('FEED'),
  mediaWorkerDatabaseUrl: provisioned('MEDIA_WORKER'),
  migrationsDir: setting(
    'LAZYPHOTOS_MIGRATIONS_DIR',
    path.default('services'),
    "Where each service's migrations stand, as <service>/prisma/migrations; for provisioning only",
  ),
  authUrl: setting('LAZYPHOTOS_AUTH_URL', serviceUrl, 'The address of the auth service (containers)', {
    absent: 'must be given in containers',
  }),
  uploadUrl: setting('LAZYPHOTOS_UPLOAD_URL', serviceUrl, 'The address of the upload service (containers)', {
    absent: 'must be given in containers',
  }),
  catalogUrl: setting(
    'LAZYPHOTOS_CATALOG_URL',
    serviceUrl,
    'The address of the catalog service (containers)',
    {
      absent: 'must be given in containers',
    },
  ),
  mediaWorkerUrl: setting(
    'LAZYPHOTOS_MEDIA_WORKER_URL',
    serviceUrl,
    'The address of the media worker (containers)',
    { absent: 'must be given in containers' },
  ),
  feedUrl: setting('LAZYPHOTOS_FEED_URL', serviceUrl, 'The address of the feed service (containers)', {
    absent: 'must be given in containers',
  }),
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settingsCatalog;

/** Where the objects are: what a service reads that opens the object store. */
export const storeSettingKeys = [
  'objectsDir',
  's3Bucket',
  's3Endpoint',
  's3PublicEndpoint',
  's3Region',
  's3AccessKeyId',
  's3SecretAccessKey',
  's3PathStyle',
] as const satisfies readonly SettingKey[];

export type Settings<K extends SettingKey> = { [P in K]: z.output<(typeof settingsCatalog)[P]['schema']> };
