import { VERSION } from '@lazyphotos/contracts';
import { runContainer } from '@lazyphotos/service-kit';
import { containerSettings } from './config.js';
import { composeContainer } from './container.js';

await runContainer({
  name: 'auth',
  version: VERSION,
  env: process.env,
  settings: containerSettings,
  compose: composeContainer,
});
