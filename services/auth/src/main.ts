import { createRequire } from 'node:module';
import { runContainer } from '@lazyphotos/service-kit';
import { containerSettings } from './config.js';
import { composeContainer } from './container.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

await runContainer({
  name: 'auth',
  version,
  env: process.env,
  settings: containerSettings,
  compose: composeContainer,
});
