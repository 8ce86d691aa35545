import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Client, createClient, createMemoryTokenStore, uploadPhoto } from '@lazyphotos/client';
import { describeWithServers, eventually, http, type SamplePhoto } from '@lazyphotos/testkit';
import pLimit from 'p-limit';
import { Client as Postgres } from 'pg';
import { claim, type Phone, password } from './support/api.js';
import { distinctPhotos } from './support/distinct-photos.js';
import { startInfrastructure, type TestInfrastructure } from './support/infrastructure.js';
import { type SixProcesses, startSixProcesses } from './support/six-processes.js';

const PHOTOS = 50;
const PARALLEL = 4;
/** Photos that the phone sends before each disaster, and as many again while it happens. */
const HALF_SHARE = 5;
const EMAIL = 'dora@example.org';
/** An event that stays in the outbox has reached no consumer. */
const WITH_OUTBOX = ['upload', 'catalog', 'media-worker'] as const;
/** For questions that cost the services something. */
const SELDOM = { intervalMs: 500 };
/** For what is over in a moment. */
const CLOSELY = { intervalMs: 10 };

let infrastructure: TestInfrastructure;
let six: SixProcesses;
let phone: Phone;
let client: Client;
let photos: SamplePhoto[];
let released = 0;
let uploaded = 0;

/** A phone that retries after every fault. */
const backUp = (photo: SamplePhoto) =>
  eventually(
    () =>
      uploadPhoto(client, {
        source: { path: photo.path },
        hash: photo.sha256,
        sizeBytes: photo.bytes,
        mimeType: photo.mime,
        fileName: photo.name,
      }),
    SELDOM,
  ).then(() => {
    uploaded += 1;
  });

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const untilUploaded = (count: number) =>
  eventually(() => expect(uploaded).toBeGreaterThanOrEqual(count), CLOSELY);
const untilReleased = (number: number) => eventually(() => expect(released).toBeGreaterThan(number), CLOSELY);

const allPhotos = async () => {
  const all: { id: string; hash: string; processing: string; version: number }[] = [];
  for (let cursor = ''; ; ) {
    const { status, body, text } = await phone.call(`/photos?limit=20${cursor && `&cursor=${cursor}`}`);
    if (status !== 200) throw new Error(text);
    all.push(...body.photos);
    cursor = body.cursor;
    if (!body.hasMore) return all;
  }
};

/** Resolves when the worker processes an upload, or is about to. */
const untilWorkerIsBusy = () =>
  eventually(async () => {
    const pending = (await allPhotos()).filter(({ processing }) => processing === 'pending');
    expect(pending.length).toBeGreaterThan(0);
  }, CLOSELY);

const sendMore = () => {
  released += HALF_SHARE;
};

interface Disaster {
  /** Has the phone send more at the worst moment. */
  happens: () => Promise<void>;
  /** It takes the broker away, which a broker that others use too is spared. */
  endsBroker?: boolean;
}

/** What happens while the phone goes on, each in its turn. */
const disasters: Disaster[] = [
  // The broker is away for a while.
  {
    endsBroker: true,
    happens: async () => {
      await infrastructure.rabbitMq.shutDown();
      sendMore();
      await untilUploaded(released);
      await infrastructure.rabbitMq.restart();
    },
  },
  // The media worker is killed at its work.
  {
    happens: async () => {
      sendMore();
      await untilWorkerIsBusy();
      await six.end('media-worker', 'SIGKILL');
      await six.start('media-worker');
    },
  },
  // The upload service is restarted.
  {
    happens: async () => {
      sendMore();
      await six.end('upload', 'SIGTERM');
      await six.start('upload');
    },
  },
  // Catalog and feed are killed.
  {
    happens: async () => {
      sendMore();
      await Promise.all([six.end('catalog', 'SIGKILL'), six.end('feed', 'SIGKILL')]);
      await Promise.all([six.start('catalog'), six.start('feed')]);
    },
  },
  // PostgreSQL is restarted.
  {
    happens: async () => {
      sendMore();
      await infrastructure.postgres.shutDown();
      await eventually(async () => expect((await phone.call('/photos?limit=1')).status).toBe(503), CLOSELY);
      await infrastructure.postgres.restart();
    },
  },
];

describeWithServers(['postgres', 'rabbitmq', 'minio'], 'a bad day', () => {
  beforeAll(async () => {
    infrastructure = await startInfrastructure();
    six = await startSixProcesses(infrastructure.addresses);
    phone = await claim(six.url, await six.claimCode(), EMAIL);
    client = createClient({ baseUrl: six.url, tokens: createMemoryTokenStore() });
    await client.signIn({ email: EMAIL, password });
    photos = await distinctPhotos(six.folder, PHOTOS);
  });
  afterAll(async () => {
    await six?.remove();
    await infrastructure?.stop();
  });

  test('the phone uploads every photo, regardless of faults', async () => {
    const limit = pLimit(PARALLEL);
    const uploads = Promise.all(
      photos.map((photo, number) => limit(() => untilReleased(number).then(() => backUp(photo)))),
    );
    for (const { happens, endsBroker } of disasters) {
      sendMore();
      await untilUploaded(released - PARALLEL);
      if (!endsBroker || infrastructure.rabbitMq.canRestart) await happens();
      else sendMore();
    }
    await uploads;
    expect(uploaded).toBe(PHOTOS);
    await six.ready();
  });

  test('each is there once, with its previews, byte for byte', async () => {
    await eventually(async () => {
      const states = (await allPhotos()).map(({ processing }) => processing);
      expect(states).toEqual(Array.from({ length: PHOTOS }, () => 'ready'));
    }, SELDOM);
    const all = await allPhotos();
    expect(all.map(({ hash }) => hash).sort()).toEqual(photos.map(({ sha256 }) => sha256).sort());
    for (const { id, hash } of all) {
      for (const size of ['thumb', 'medium', 'original']) {
        const { body } = await phone.call(`/photos/${id}/download?size=${size}`);
        const file = await http(body.url);
        expect({ size, status: file.status }).toEqual({ size, status: 200 });
        if (size === 'original') expect(sha256Of(file.bytes)).toBe(hash);
      }
    }
  });

  test('the feed has all of it', async () => {
    const newest = (entries: { id: string; version: number }[]) =>
      entries.map(({ id, version }) => `${id} ${version}`).sort();
    await eventually(async () => {
      const { items } = await phone.feed();
      const state = new Map(items.map((item) => [item.data.id, item.data]));
      expect(newest([...state.values()])).toEqual(newest(await allPhotos()));
    }, SELDOM);
  });

  test('nothing is left in an outbox or a queue, and nothing has become a dead letter', async () => {
    for (const service of WITH_OUTBOX) {
      const connection = new Postgres({ connectionString: six.databaseUrl(service) });
      await connection.connect();
      try {
        await eventually(async () => {
          const { rows } = await connection.query('SELECT count(*)::int AS count FROM outbox_messages');
          expect({ service, waiting: rows[0].count }).toEqual({ service, waiting: 0 });
        }, SELDOM);
      } finally {
        await connection.end();
      }
    }
    if (!infrastructure.rabbitMq.canRestart) return;
    await eventually(async () => {
      const queues = await infrastructure.rabbitMq.queues();
      expect(queues.length).toBeGreaterThan(7);
      expect(queues.filter(({ messages }) => messages > 0)).toEqual([]);
    }, SELDOM);
  });
});
