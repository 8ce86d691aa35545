/** A worker whose store stops answering at a certain call and says so. Its parent kills it there. */
import { topology } from '@lazyphotos/contracts';
import { openDatabase } from '@lazyphotos/database';
import { createMediaWorkerService } from '@lazyphotos/media-worker';
import { createPgBossBus } from '@lazyphotos/messaging';
import { createFilesystemStore } from '@lazyphotos/object-storage';
import { createMetrics, silentLogger } from '@lazyphotos/service-kit';

const { url, busUrl, root, scratch, retry, hangAt } = JSON.parse(process.argv[2]);
const real = await createFilesystemStore({ root });
const hang = (key) => {
  process.stdout.write(`${key}\n`);
  return new Promise(() => undefined);
};
const store = {
  ...real,
  localPath: (key) => (hangAt === 'original' ? hang(key) : real.localPath(key)),
  put: (key, body, attributes) => (key.endsWith(`/${hangAt}`) ? hang(key) : real.put(key, body, attributes)),
};
const service = createMediaWorkerService({
  chassis: {
    name: 'media-worker',
    version: '1.2.3',
    logger: silentLogger,
    metrics: createMetrics(),
    authenticate: (_req, _res, next) => next(),
    validateAnswers: true,
  },
  database: openDatabase({ url, poolSize: 5, applicationName: 'media-child' }),
  bus: await createPgBossBus({ url: busUrl, topology, retry, exclusive: true }),
  store,
  scratchDir: scratch,
  settings: { mediaConcurrency: 1, maxPixels: 50_000_000, decodeMemoryBytes: 2 ** 28 },
});
await service.start();
