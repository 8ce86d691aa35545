import { SettingsError } from '@lazyphotos/service-kit';
import { createFilesystemStore } from './filesystem/store.js';
import type { ObjectStore } from './port.js';
import { createS3Store } from './s3/store.js';
import type { StoreSettings } from './settings.js';

/**
 * Opens the store that the settings name. `readOnly` is for a service that only reads: it needs no right to write, and stays
 * ready when the store is full.
 * @throws SettingsError
 * @throws StorageUnavailableError or StorageFullError when the folder cannot be written to
 */
export async function openStore(
  settings: StoreSettings,
  { readOnly = false }: { readOnly?: boolean } = {},
): Promise<ObjectStore> {
  const { objectsDir: root, s3Bucket: bucket } = settings;
  if (root !== undefined && bucket !== undefined)
    throw new SettingsError(['Give either LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET, not both.']);
  if (root !== undefined) return createFilesystemStore({ root, readOnly });
  if (bucket === undefined)
    throw new SettingsError(['Give LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET: the photos need a place.']);
  return createS3Store({
    bucket,
    readOnly,
    endpoint: settings.s3Endpoint,
    publicEndpoint: settings.s3PublicEndpoint,
    region: settings.s3Region,
    credentials: credentialsOf(settings),
    pathStyle: settings.s3PathStyle,
  });
}

function credentialsOf({ s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey }: StoreSettings) {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new SettingsError([
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: one of them is missing.',
    ]);
  return { accessKeyId, secretAccessKey };
}
