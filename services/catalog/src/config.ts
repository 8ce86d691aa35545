import { fileURLToPath } from 'node:url';
import { type SettingsOf, setting, wholeNumber } from '@lazyphotos/service-kit';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export const catalogSettings = {
  trashDays: setting(
    'LAZYPHOTOS_TRASH_DAYS',
    wholeNumber(0, 36_500).default(30),
    'How long photos stay in the trash before they are deleted',
  ),
};
export type CatalogSettings = SettingsOf<typeof catalogSettings>;
