import { type Environment, readSettings, type SettingsOf, type SettingTable } from '@lazyphotos/service-kit';

/**
 * The names of all settings, in the order of docs/configuration.md. They stand here because a container has only the settings of its
 * own packages, and accepts those of the others. A test of packages/standalone compares the list with the owners' tables. A star
 * marks a secret, which may also be given as <NAME>_FILE.
 */
const NAMES = [
  'LAZYPHOTOS_PORT LAZYPHOTOS_HOST LAZYPHOTOS_DATA_DIR LAZYPHOTOS_PUBLIC_URL MEDIA_BASE_URL LAZYPHOTOS_METRICS_PORT',
  'LAZYPHOTOS_LOG_LEVEL LAZYPHOTOS_LOG_OUTPUT LAZYPHOTOS_VALIDATE_ANSWERS',
  'LAZYPHOTOS_TRUSTED_PROXIES LAZYPHOTOS_REQUESTS_PER_MINUTE LAZYPHOTOS_SIGN_IN_ATTEMPTS',
  'LAZYPHOTOS_REGISTRATION LAZYPHOTOS_ACCESS_TOKEN_SECONDS LAZYPHOTOS_REFRESH_TOKEN_DAYS',
  'LAZYPHOTOS_CHUNK_BYTES LAZYPHOTOS_UPLOAD_MAX_BYTES LAZYPHOTOS_ARCHIVE_MAX_BYTES',
  'IMPORT_DIR LAZYPHOTOS_IMPORT_RESERVE_BYTES LAZYPHOTOS_UPLOAD_SESSION_HOURS LAZYPHOTOS_TRASH_DAYS',
  'LAZYPHOTOS_MEDIA_URL_SECONDS LAZYPHOTOS_SHARE_MEDIA_SECONDS LAZYPHOTOS_MEDIA_CONCURRENCY LAZYPHOTOS_MAX_PIXELS',
  'LAZYPHOTOS_DATABASE_URL* LAZYPHOTOS_DATABASE_POOL LAZYPHOTOS_BUS_URL* LAZYPHOTOS_OBJECTS_DIR',
  'S3_BUCKET S3_ENDPOINT S3_PUBLIC_ENDPOINT S3_REGION S3_ACCESS_KEY_ID* S3_SECRET_ACCESS_KEY* S3_PATH_STYLE',
  'S3_ADMIN_ACCESS_KEY_ID* S3_ADMIN_SECRET_ACCESS_KEY*',
  'S3_GATEWAY_ACCESS_KEY_ID* S3_GATEWAY_SECRET_ACCESS_KEY*',
  'S3_UPLOAD_ACCESS_KEY_ID* S3_UPLOAD_SECRET_ACCESS_KEY*',
  'S3_MEDIA_WORKER_ACCESS_KEY_ID* S3_MEDIA_WORKER_SECRET_ACCESS_KEY*',
  'MEDIA_DELIVERY LAZYPHOTOS_PREVIEW_CACHE_BYTES LAZYPHOTOS_SCRATCH_DIR LAZYPHOTOS_KEYS_DIR LAZYPHOTOS_MEDIA_SIGNING_KEY*',
  'LAZYPHOTOS_SERVICE_KEY* LAZYPHOTOS_PEER_KEYS CLAMAV_ADDRESS CLAMAV_MAX_BYTES LAZYPHOTOS_ADMIN_DATABASE_URL*',
  'LAZYPHOTOS_GATEWAY_DATABASE_URL* LAZYPHOTOS_AUTH_DATABASE_URL* LAZYPHOTOS_UPLOAD_DATABASE_URL*',
  'LAZYPHOTOS_CATALOG_DATABASE_URL* LAZYPHOTOS_FEED_DATABASE_URL* LAZYPHOTOS_MEDIA_WORKER_DATABASE_URL*',
  'LAZYPHOTOS_ADMIN_BUS_URL* LAZYPHOTOS_BUS_API_URL* LAZYPHOTOS_UPLOAD_BUS_URL* LAZYPHOTOS_CATALOG_BUS_URL*',
  'LAZYPHOTOS_FEED_BUS_URL* LAZYPHOTOS_MEDIA_WORKER_BUS_URL*',
  'LAZYPHOTOS_MIGRATIONS_DIR LAZYPHOTOS_AUTH_URL LAZYPHOTOS_UPLOAD_URL LAZYPHOTOS_CATALOG_URL',
  'LAZYPHOTOS_MEDIA_WORKER_URL LAZYPHOTOS_FEED_URL',
].flatMap((line) => line.split(' '));

export const SETTING_NAMES: readonly string[] = NAMES.map((name) => name.replace('*', ''));
const SECRET_FILES = NAMES.filter((name) => name.endsWith('*')).map((name) => name.replace('*', '_FILE'));
/** Variables of the command line; see packages/cli. */
const CLI_NAMES = ['LAZYPHOTOS_SERVER', 'LAZYPHOTOS_PASSWORD', 'LAZYPHOTOS_CONFIG_DIR'];
const KNOWN_NAMES = new Set([...SETTING_NAMES, ...SECRET_FILES, ...CLI_NAMES]);
/** Variables that only test helpers read. */
const TEST_PREFIXES = ['LAZYPHOTOS_TEST_', 'LAZYPHOTOS_SHARED_PHOTOS'];

export const isKnownSetting = (name: string): boolean =>
  KNOWN_NAMES.has(name) || TEST_PREFIXES.some((prefix) => name.startsWith(prefix));

/**
 * Reads the settings of a table, and refuses a LAZYPHOTOS_* variable that no part of the system knows.
 * @throws SettingsError that names every malformed, missing and unknown setting
 */
export function readKnownSettings<T extends SettingTable>(env: Environment, table: T): SettingsOf<T> {
  const unknown = Object.keys(env).filter((name) => name.startsWith('LAZYPHOTOS_') && !isKnownSetting(name));
  return readSettings(
    env,
    table,
    unknown.map((name) => `${name} is not a known setting`),
  );
}
