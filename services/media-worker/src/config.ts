import { fileURLToPath } from 'node:url';
import { reserveSettings } from '@lazyphotos/object-storage/settings';
import { type SettingsOf, setting, text, wholeNumber } from '@lazyphotos/service-kit';

/** The same from src/ and from dist/. */
export const migrationsPath = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/** The settings that shape this service's behaviour. */
export const mediaSettings = {
  ...reserveSettings,
  mediaConcurrency: setting(
    'LAZYPHOTOS_MEDIA_CONCURRENCY',
    wholeNumber(1, 64).optional(),
    'How many photos are processed at a time',
    { absent: 'half of the processors, at least 1' },
  ),
  maxPixels: setting(
    'LAZYPHOTOS_MAX_PIXELS',
    wholeNumber(1, 2_000_000_000).default(268_402_689),
    'Pictures with more pixels than this are kept, but get no previews',
  ),
  decodeMemoryBytes: setting(
    'LAZYPHOTOS_DECODE_MEMORY_BYTES',
    wholeNumber(64 * 2 ** 20, 2 ** 32).default(256 * 2 ** 20),
    'How much memory the decoding of one picture may take, beside some 70 MB of its process. Pictures that need more are kept, but get no previews',
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
