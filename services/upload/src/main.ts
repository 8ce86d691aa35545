import { runContainer } from '@lazyphotos/runtime';
import { createCatalogClient } from './catalog-client.js';
import { migrationsPath, scannerSettings, uploadSettings } from './config.js';
import { createClamdScanner } from './malware/clamd.js';
import { createUploadService } from './service.js';

await runContainer({
  name: 'upload',
  env: process.env,
  settings: { ...uploadSettings, ...scannerSettings },
  needs: ['database', 'bus', 'store'],
  calls: ['auth', 'catalog'],
  migrationsPath,
  create: ({ peers, urls, ...needed }) => {
    const { clamavAddress } = needed.settings;
    const catalog = createCatalogClient(peers, urls.catalog);
    const scanner = clamavAddress && createClamdScanner(clamavAddress);
    return createUploadService({ ...needed, catalog, scanner });
  },
});
