import { settingKeys as authKeys } from '@lazyphotos/auth';
import { settingKeys as catalogKeys } from '@lazyphotos/catalog';
import { settingKeys as gatewayKeys } from '@lazyphotos/gateway';
import { settingKeys as mediaKeys } from '@lazyphotos/media-worker';
import type { SettingKey } from '@lazyphotos/service-kit';
import { settingKeys as uploadKeys } from '@lazyphotos/upload';

/** Every setting that a node in one process reads. */
export const nodeSettingKeys = [
  'port',
  'host',
  'dataDir',
  'publicUrl',
  'mediaBaseUrl',
  'mediaUrlSeconds',
  'shareMediaSeconds',
  'metricsPort',
  'logLevel',
  'logOutput',
  'validateAnswers',
  'databasePool',
  ...authKeys,
  ...uploadKeys,
  ...catalogKeys,
  ...gatewayKeys,
  ...mediaKeys,
] as const satisfies readonly SettingKey[];
