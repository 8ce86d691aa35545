import { removeOldCopies } from '@lazyphotos/object-storage';
import { runContainer } from '@lazyphotos/runtime';
import { mediaFolders, mediaSettings, migrationsPath } from './config.js';
import { createMediaWorkerService } from './service.js';

/** Much longer than any picture takes. */
const OLD_COPY_MS = 24 * 3_600_000;

await runContainer({
  name: 'media-worker',
  env: process.env,
  settings: { ...mediaSettings, ...mediaFolders },
  needs: ['database', 'bus', 'store'],
  calls: ['auth'],
  migrationsPath,
  create: async (needed) => {
    const { scratchDir } = needed.settings;
    await removeOldCopies(scratchDir, OLD_COPY_MS);
    return createMediaWorkerService({ ...needed, scratchDir });
  },
});
