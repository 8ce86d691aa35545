import { expect, test } from '@jest/globals';
import { describeWithServers, eventually, http, type SamplePhoto } from '@lazyphotos/testkit';
import { distinctPhotos } from './support/distinct-photos.js';
import { importFolder } from './support/import-job.js';
import { startInfrastructure, type TestInfrastructure } from './support/infrastructure.js';
import { describeMainJob } from './support/main-job.js';
import { type SixProcesses, startSixProcesses } from './support/six-processes.js';

/** Many more than the media worker works on at a time. */
const IMPORTED = 20;

/** As in containers: each service its own process, role, key and port, on PostgreSQL, RabbitMQ and MinIO. */
describeWithServers(['postgres', 'rabbitmq', 'minio'], 'six services in six processes', () => {
  let infrastructure: TestInfrastructure;
  let six: SixProcesses;
  let photos: SamplePhoto[];

  const start = async () => {
    infrastructure = await startInfrastructure();
    six = await startSixProcesses(infrastructure.addresses);
    photos = await distinctPhotos(six.folder, 3);
    return { ...six, remove: () => six.remove().finally(() => infrastructure.stop()) };
  };

  describeMainJob('in six processes', start, (_system, phone) => {
    test('without the catalog uploads are still taken, and appear when it is back', async () => {
      await six.end('catalog', 'SIGKILL');
      expect(await phone().call('/photos')).toMatchObject({
        status: 503,
        body: { code: 'service_unavailable' },
      });
      const { status, body } = await phone().upload(photos[0] as SamplePhoto);
      expect(status).toBe(200);
      await six.start('catalog');
      await six.ready();
      expect(await phone().processed(body.photoId)).toMatchObject({ processing: 'ready' });
    });

    test('without the media worker photos are pending, and get their previews when it is back', async () => {
      await six.end('media-worker', 'SIGKILL');
      const { body } = await phone().upload(photos[1] as SamplePhoto);
      expect((await phone().call(`/photos/${body.photoId}`)).body).toMatchObject({ processing: 'pending' });
      await six.start('media-worker');
      expect(await phone().processed(body.photoId)).toMatchObject({ processing: 'ready' });
      await six.ready();
    });

    test('a fresh photo gets its previews before those of an import that came before it', async () => {
      await six.end('media-worker', 'SIGKILL');
      const imported = await importFolder(six.folder, phone(), IMPORTED);
      const { body } = await phone().upload(photos[2] as SamplePhoto);
      const { cursor } = await phone().feed();
      await six.start('media-worker');
      for (const id of [body.photoId, ...imported]) await phone().processed(id);
      await six.ready();
      // The feed has the photos in the order in which they became ready.
      const ids = await eventually(async () => {
        const { items } = await phone().feed(cursor);
        const ready = items.filter(({ data }) => data.processing === 'ready').map(({ data }) => data.id);
        expect(new Set(ready).size).toBe(IMPORTED + 1);
        return ready;
      });
      expect(ids.length - 1 - ids.indexOf(body.photoId)).toBeGreaterThan(IMPORTED / 2);
    });

    test('without auth, users with a token continue; readiness says what is missing', async () => {
      await six.end('auth', 'SIGKILL');
      expect((await phone().call('/photos?limit=1')).status).toBe(200);
      expect(await phone().call('/auth/me')).toMatchObject({ status: 503 });
      expect((await http(`${six.url}/health/ready`)).body).toMatchObject({
        status: 'not_ready',
        checks: { auth: 'failed' },
      });
      await six.start('auth');
      await six.ready();
      expect((await phone().call('/auth/me')).status).toBe(200);
    });

    test('a service refuses everyone but the gateway and its peers', async () => {
      for (const name of ['auth', 'upload', 'catalog', 'feed', 'media-worker'] as const) {
        const direct = six.addressOf(name);
        expect((await http(`${direct}/health`)).status).toBe(200);
        const { token } = phone();
        for (const path of ['/photos', '/auth/me', '/feed', '/internal/users/x/head']) {
          expect({ name, path, status: (await http(direct + path, { token })).status }).toEqual({
            name,
            path,
            status: 403,
          });
        }
      }
    });
  });
});
