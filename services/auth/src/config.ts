import { fileURLToPath } from 'node:url';
import { oneOf, type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** The settings that shape this service's behaviour. */
export const authSettings = {
  registration: setting(
    'LAZYPHOTOS_REGISTRATION',
    oneOf('closed', 'invite', 'open').default('invite'),
    'Who may register once the node is claimed',
  ),
  accessTokenSeconds: setting(
    'LAZYPHOTOS_ACCESS_TOKEN_SECONDS',
    wholeNumber(1, 3600).default(900),
    'How long an access token is valid',
  ),
  refreshTokenDays: setting(
    'LAZYPHOTOS_REFRESH_TOKEN_DAYS',
    wholeNumber(1, 3650).default(90),
    'How long a session lasts without being refreshed',
  ),
};
export type AuthSettings = SettingsOf<typeof authSettings>;

/** Where a container keeps files; a node in one process has all of them in its data folder. */
export const authFolders = {
  keysDir: setting(
    'LAZYPHOTOS_KEYS_DIR',
    text(),
    'Where the auth service keeps its signing keys (containers)',
    { absent: 'must be given in containers; <data>/keys for `npm start`' },
  ),
  dataDir: setting(
    'LAZYPHOTOS_DATA_DIR',
    text().default('./data'),
    'Embedded database, objects, keys, claim code and logs; relative to the folder of the start',
  ),
};
