import { createFilesystemStore } from './filesystem/store.js';
import type { ObjectStore } from './port.js';
import { createS3Store } from './s3/store.js';

/** Where the objects are, by the names of the settings: a folder or a bucket. */
export interface StoreSettings {
  objectsDir?: string | undefined;
  s3Bucket?: string | undefined;
  s3Endpoint?: string | undefined;
  s3PublicEndpoint?: string | undefined;
  s3Region: string;
  s3AccessKeyId?: string | undefined;
  s3SecretAccessKey?: string | undefined;
  s3PathStyle: boolean;
}

/** The settings name no store, two, or half of a key pair; the message is one line for the operator. */
export class StoreSettingsError extends Error {
  readonly code = 'invalid_settings';
}

/**
 * Opens the store that the settings name. `readOnly` is for a service that only reads: it needs no right to write, and stays
 * ready when the store is full.
 * @throws StoreSettingsError
 * @throws StorageUnavailableError or StorageFullError when the folder cannot be written to
 */
export async function openStore(
  settings: StoreSettings,
  { readOnly = false }: { readOnly?: boolean } = {},
): Promise<ObjectStore> {
  const { objectsDir: root, s3Bucket: bucket } = settings;
  if (root !== undefined && bucket !== undefined)
    throw new StoreSettingsError('Give either LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET, not both.');
  if (root !== undefined) return createFilesystemStore({ root, readOnly });
  if (bucket === undefined)
    throw new StoreSettingsError('Give LAZYPHOTOS_OBJECTS_DIR or S3_BUCKET: the photos need a place.');
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
    throw new StoreSettingsError(
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: one of them is missing.',
    );
  return { accessKeyId, secretAccessKey };
}
