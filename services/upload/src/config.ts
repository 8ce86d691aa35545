import { fileURLToPath } from 'node:url';
import { reserveSettings, stagingSettings } from '@lazyphotos/object-storage/settings';
import { type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** The settings that shape this service's behaviour. */
export const uploadSettings = {
  ...stagingSettings,
  ...reserveSettings,
  chunkBytes: setting(
    'LAZYPHOTOS_CHUNK_BYTES',
    wholeNumber(5 * 1024 ** 2, 95 * 1000 ** 2).default(8 * 1024 ** 2),
    'The chunk size of new upload sessions. The minimum is that of a part on S3, the maximum is what common proxies accept',
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
  openUploads: setting(
    'LAZYPHOTOS_OPEN_UPLOADS',
    wholeNumber(1, 1_000_000).default(1000),
    'How many upload sessions of one user may be open at a time; one more replaces the oldest without bytes. Those of imports do not count',
  ),
  importDir: setting(
    'IMPORT_DIR',
    text().optional(),
    "A folder with archives to import from, on the upload service's disk. The node's owner and administrators may import everything in it, other users only the subfolder that is named by their user id",
    { absent: 'archives are uploaded' },
  ),
  importReserveBytes: setting(
    'LAZYPHOTOS_IMPORT_RESERVE_BYTES',
    wholeNumber(0, Number.MAX_SAFE_INTEGER).default(2 * 1024 ** 3),
    'How much space an import leaves free in the object store, for phones; it pauses while there is less',
  ),
  clamavMaxBytes: setting(
    'CLAMAV_MAX_BYTES',
    wholeNumber(1024, Number.MAX_SAFE_INTEGER).default(100 * 1024 ** 2),
    "How much of a larger file is scanned; not more than the daemon's StreamMaxLength",
  ),
};
export type UploadSettings = SettingsOf<typeof uploadSettings>;

const hostAndPort = text()
  .regex(/^[\w.-]+:\d{1,5}$/, 'must be host:port')
  .transform((address) => {
    const [host = '', port = ''] = address.split(':');
    return { host, port: Number(port) };
  });

/** Of a container: a node in one process does not scan. */
export const scannerSettings = {
  clamavAddress: setting(
    'CLAMAV_ADDRESS',
    hostAndPort.optional(),
    'host:port of a ClamAV daemon (clamd) that scans every upload before it is accepted',
    { absent: 'uploads are not scanned' },
  ),
};
