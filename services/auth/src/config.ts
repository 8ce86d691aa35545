/** The settings that the service works by, wherever it runs. */
export const settingKeys = ['registration', 'accessTokenSeconds', 'refreshTokenDays'] as const;

/** What a container needs on top, to build the adapters. */
export const containerSettings = [...settingKeys, 'keysDir', 'dataDir'] as const;
