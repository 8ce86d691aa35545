import type { SettingKey } from '@lazyphotos/service-kit';

/** The settings that shape this service's behaviour; main.ts adds those of its adapters. */
export const settingKeys = [
  'chunkBytes',
  'uploadMaxBytes',
  'archiveMaxBytes',
  'importDir',
  'importReserveBytes',
  'uploadSessionHours',
  'clamavMaxBytes',
] as const satisfies readonly SettingKey[];
