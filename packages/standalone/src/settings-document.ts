import { authFolders } from '@lazyphotos/auth';
import { databaseSettings } from '@lazyphotos/database';
import { mediaFolders } from '@lazyphotos/media-worker';
import { busSettings } from '@lazyphotos/messaging/settings';
import { storeSettings } from '@lazyphotos/object-storage/settings';
import { busUserSettings, postgresSettings, storageSettings } from '@lazyphotos/provision';
import { SETTING_NAMES } from '@lazyphotos/runtime';
import {
  addressSettings,
  identitySettings,
  mediaUrlSettings,
  type Setting,
  shareSettings,
} from '@lazyphotos/service-kit';
import { scannerSettings } from '@lazyphotos/upload';
import { nodeSettings } from './settings.js';

const TABLES = [
  nodeSettings,
  authFolders,
  databaseSettings,
  busSettings,
  storeSettings,
  mediaUrlSettings,
  shareSettings,
  identitySettings,
  addressSettings,
  mediaFolders,
  scannerSettings,
  postgresSettings,
  storageSettings,
  busUserSettings,
].flatMap((table): Setting[] => Object.values(table));

/** Every setting of the system, in the order of the document. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...new Map(TABLES.map((setting) => [setting.name, setting])).values(),
].sort((a, b) => SETTING_NAMES.indexOf(a.name) - SETTING_NAMES.indexOf(b.name));

function absentMeans(setting: Setting): string {
  if (setting.absent) return setting.absent;
  const result = setting.schema.safeParse(undefined);
  return result.success && result.data !== undefined ? `\`${String(result.data)}\`` : 'none';
}

function rowOf(setting: Setting): string {
  const asFile = setting.secret ? `. May be given as a file: \`${setting.name}_FILE\`` : '';
  return `| \`${setting.name}\` | ${setting.description}${asFile} | ${absentMeans(setting)} |`;
}

/** docs/configuration.md, byte for byte. */
export const settingsDocument =
  (): string => `<!-- Generated from the settings of all packages by \`npm run generate:docs\`; not edited by hand. -->
# Configuration

Settings are environment variables. \`npm start\` also reads a \`.env\` file in the folder where it is started; the environment
wins over the file. A \`.env\` that \`scripts/setup\` wrote for the containers is ignored. An unknown or malformed setting
stops the start with a line that names it. An empty variable counts as absent.

| setting | meaning | default |
| --- | --- | --- |
${ALL_SETTINGS.map(rowOf).join('\n')}

The \`lazyphotos\` command reads three variables of its own: \`LAZYPHOTOS_SERVER\` (the node's URL; absent, the node that
you signed in to last), \`LAZYPHOTOS_PASSWORD\` (instead of a prompt) and \`LAZYPHOTOS_CONFIG_DIR\` (where it keeps its credentials).
`;
