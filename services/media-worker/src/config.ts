import { fileURLToPath } from 'node:url';
import { type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** The settings that shape this service's behaviour. */
export const mediaSettings = {
  mediaConcurrency: setting(
    'LAZYPHOTOS_MEDIA_CONCURRENCY',
    wholeNumber(1, 64).optional(),
    'How many photos are processed at a time',
    { absent: 'half of the processors, at least 1' },
  ),
  maxPixels: setting(
    'LAZYPHOTOS_MAX_PIXELS',
    wholeNumber(1, 2_000_000_000).default(268_402_689),
    'Pictures with more pixels than this are kept, but get no previews. HEIC and AVIF are also limited by memory: an eighth of what the process may have, 192 to 512 MiB',
  ),
};
export type MediaSettings = SettingsOf<typeof mediaSettings>;

/** Of a container; a node in one process has a folder of its own in its data folder. */
export const mediaFolders = {
  scratchDir: setting(
    'LAZYPHOTOS_SCRATCH_DIR',
    text().default('/tmp'),
    'Where temporary files go (containers)',
  ),
};
