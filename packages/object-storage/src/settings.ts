import { flag, httpUrl, type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';

/** Amazon's rules, without the dots, which break certificates. */
const bucketName = text().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'must be a bucket name');

/** The S3 server and the bucket. */
export const bucketSettings = {
  s3Bucket: setting('S3_BUCKET', bucketName.optional(), 'The bucket of the S3 object store (containers)', {
    absent: 'LAZYPHOTOS_OBJECTS_DIR must be given in containers',
  }),
  s3Endpoint: setting('S3_ENDPOINT', httpUrl.optional(), 'The address of the S3 server (containers)', {
    absent: "Amazon's, of S3_REGION",
  }),
  s3Region: setting('S3_REGION', text().default('us-east-1'), 'The region of the bucket (containers)'),
  s3PathStyle: setting(
    'S3_PATH_STYLE',
    flag.default(true),
    'Whether the bucket is in the path of S3 URLs, as MinIO needs it, and not in the host name (containers)',
  ),
};

/** Where the objects are: a folder or a bucket. */
export const storeSettings = {
  ...bucketSettings,
  objectsDir: setting(
    'LAZYPHOTOS_OBJECTS_DIR',
    text().optional(),
    'The folder of the filesystem object store, shared by the services that use it (containers)',
    { absent: 'S3_BUCKET must be given in containers; <data>/storage for `npm start`' },
  ),
  s3PublicEndpoint: setting(
    'S3_PUBLIC_ENDPOINT',
    httpUrl.optional(),
    'The address under which clients reach the S3 server, for presigned URLs (containers)',
    { absent: 'S3_ENDPOINT' },
  ),
  s3AccessKeyId: setting(
    'S3_ACCESS_KEY_ID',
    text(3).optional(),
    "The service's user of the S3 server (containers)",
    { absent: 'the default credential chain, such as the role of the machine', secret: true },
  ),
  s3SecretAccessKey: setting(
    'S3_SECRET_ACCESS_KEY',
    text(8).optional(),
    'The secret of S3_ACCESS_KEY_ID (containers)',
    { absent: 'the default credential chain, such as the role of the machine', secret: true },
  ),
};
export type StoreSettings = SettingsOf<typeof storeSettings>;

/** What every service that fills the disk of the objects leaves free. */
export const reserveSettings = {
  diskReserveBytes: setting(
    'LAZYPHOTOS_DISK_RESERVE_BYTES',
    wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
    'How much of the disk with the photos uploads leave free; below it they get `storage_full`, while everything else goes on. 0 turns the check off, and with it the reserve file of `npm start`. A bucket does not tell how much space is free: there the S3 server refuses what does not fit',
    { absent: 'the smaller of 1 GiB and 2 % of the disk' },
  ),
};

/** How long unfinished uploads stay: the upload service ends its sessions by it, provisioning sets the bucket's lifecycle. */
export const stagingSettings = {
  uploadSessionHours: setting(
    'LAZYPHOTOS_UPLOAD_SESSION_HOURS',
    wholeNumber(1, 8760).default(168),
    'How long an upload session is kept after its last chunk',
  ),
};
