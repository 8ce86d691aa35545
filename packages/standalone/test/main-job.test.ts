import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { describeMainJob, type RunningSystem } from './support/main-job.js';
import { createNodeFolder } from './support/node-process.js';

/** The embedded node, started as `npm start` does. */
async function startEmbedded(): Promise<RunningSystem> {
  const folder = await createNodeFolder();
  let node = await folder.start();
  return {
    get url() {
      return node.url;
    },
    get metricsUrl() {
      return node.metricsUrl;
    },
    folder: folder.path,
    claimCode: async () => node.claimCode(),
    claimCodeFile: join(folder.path, 'data/claim-code.txt'),
    killAndStart: async () => {
      await node.stop('SIGKILL');
      node = await folder.start();
    },
    terminate: async () => {
      const code = await node.stop('SIGTERM');
      // PostgreSQL has ended with it.
      expect(await readdir(join(folder.path, 'data/postgres'))).not.toContain('postmaster.pid');
      return [code];
    },
    remove: () => folder.remove(),
  };
}

describeMainJob('on one machine', startEmbedded);
