import type { SettingKey } from '@lazyphotos/service-kit';

/** The settings that shape this service's behaviour; main.ts adds those of its adapters. */
export const settingKeys = [
  'requestsPerMinute',
  'signInAttempts',
  'trustedProxies',
  'mediaDelivery',
] as const satisfies readonly SettingKey[];
