/** A small service in a process of its own, told what to do by its first argument. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { runContainer } from '@lazyphotos/runtime';
import { createServiceApp, SettingsError, setting, text } from '@lazyphotos/service-kit';

const behaviour = process.argv[2];
/** The next message of the test. */
const told = () => once(process, 'message');
if (behaviour === 'slow') {
  // The drain lasts until the test says that its time has passed.
  timers.setTimeout = told;
  syncBuiltinESMExports();
}

await runContainer({
  name: 'catalog',
  env: process.env,
  settings: {
    registration: setting('LAZYPHOTOS_REGISTRATION', text().default('invite'), 'Who may register'),
  },
  needs: [],
  calls: [],
  migrationsPath: '/nowhere',
  isPublic: behaviour === 'public',
  create: async ({ settings, stops, chassis }) => {
    // Through the container's own logger, so that its lines and these are in order.
    const say = (message) => chassis.logger.info(message);
    stops.add('first', async () => say('first is closed'));
    stops.add('second', async () => {
      say('second is closed');
      if (behaviour === 'failing-stop') throw new Error('cannot close');
    });
    if (behaviour === 'failing-start') throw new Error('cannot open');
    if (behaviour === 'settings-that-contradict') throw new SettingsError(['A does not go with B']);
    const { app, router } = createServiceApp(chassis, {});
    router.get('/slow', async (req, res) => {
      say(`request ${req.url} ${settings.registration}`);
      if (behaviour === 'slow') {
        await told(); // that the time of the drain has passed
        await told(); // that this may end
      }
      res.end('done');
    });
    router.get('/quick', (_req, res) => {
      res.end('done');
    });
    return {
      name: 'catalog',
      handler: app,
      ready: async () => undefined,
      start: async () => say('service is started'),
      stop: async () => say('service is stopped'),
    };
  },
});
// Something that is still open must not keep a stopped process alive for ever.
if (behaviour === 'hanging') createServer().listen(0);
