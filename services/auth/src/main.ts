import { runContainer } from '@lazyphotos/runtime';
import { authFolders, authSettings, migrationsPath } from './config.js';
import { createFileKeyStore } from './keys/file-key-store.js';
import { createFileClaimCodeStore } from './node/claim-code-file.js';
import { createAuthService } from './service.js';

await runContainer({
  name: 'auth',
  env: process.env,
  settings: { ...authSettings, ...authFolders },
  needs: ['database'],
  calls: [],
  migrationsPath,
  create: ({ settings, ...needed }) => {
    const keys = createFileKeyStore(settings.keysDir);
    const claimCode = createFileClaimCodeStore(settings.dataDir);
    return createAuthService({ ...needed, settings, keys, claimCode });
  },
  onStarted: async (service) => {
    const code = await service.claimCode();
    // Not to the log: a log may be sent to other machines, which must not have the code.
    if (code !== undefined) process.stdout.write(`Claim code of this node: ${code}\n`);
  },
});
