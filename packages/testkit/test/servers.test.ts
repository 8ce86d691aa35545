import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, it } from '@jest/globals';
import {
  describeWithMinio,
  describeWithPostgres,
  describeWithRabbitMq,
  describeWithServers,
  eventually,
  startMinio,
  startRabbitMq,
  startTestPostgres,
} from '@lazyphotos/testkit';
import { connect } from 'amqplib';
import { Client as MinioClient } from 'minio';
import { Client as PostgresClient } from 'pg';
import { listens, processesIn } from './helpers.js';

let cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

function endedAfterwards<T extends { stop(): Promise<void> }>(server: T): T {
  cleanUps.push(() => server.stop());
  return server;
}

describeWithRabbitMq('startRabbitMq', () => {
  it('keeps its port and its messages over a kill and a shutdown, and nothing after stop', async () => {
    const server = endedAfterwards(await startRabbitMq());
    if (!server.canRestart) return expect(await listens(server.url)).toBe(true);
    await withChannel(server.url, async (channel) => {
      await channel.assertQueue('photos', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      channel.sendToQueue('photos', Buffer.from('one'), { persistent: true });
      await channel.waitForConfirms();
    });
    await eventually(async () => expect(await server.queues()).toEqual([{ name: 'photos', messages: 1 }]));

    // A quorum queue that has just been declared may not be there for good: RabbitMQ 3.10 notes where its log is a moment later.
    for (const end of ['shutDown', 'kill'] as const) {
      await server[end]();
      expect(await listens(server.url)).toBe(false);
      await server.restart();
      // A queue needs a leader first; until it has one, the broker ends the connections that ask for its messages.
      await eventually(() =>
        withChannel(server.url, async (channel) => {
          const message = await channel.get('photos');
          expect(message ? message.content.toString() : 'none').toBe('one');
        }),
      );
    }
    await server.stop();
    expect(await listens(server.url)).toBe(false);
  });

  it('gives two callers two brokers at once', async () => {
    const [one, two] = await Promise.all([startRabbitMq(), startRabbitMq()]);
    endedAfterwards(one);
    endedAfterwards(two);
    if (!one.canRestart) return expect(two.url).toBe(one.url);
    await withChannel(one.url, (channel) => channel.assertQueue('mine'));
    expect(await two.queues()).toEqual([]);
    await one.stop();
    expect(await two.queues()).toEqual([]);
  });
});

describeWithMinio('startMinio', () => {
  it('keeps its port and its objects over a kill and a shutdown, and nothing after stop', async () => {
    const server = endedAfterwards(await startMinio());
    const { hostname, port } = new URL(server.endpoint);
    const client = new MinioClient({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: server.accessKeyId,
      secretKey: server.secretAccessKey,
    });
    const bucket = `testkit-${process.pid}-${Date.now()}`;
    await client.makeBucket(bucket);
    if (!server.canRestart) return client.removeBucket(bucket);
    await client.putObject(bucket, 'photo', 'one');

    for (const end of ['kill', 'shutDown'] as const) {
      await server[end]();
      expect(await listens(server.endpoint)).toBe(false);
      await server.restart();
      expect(await buffer(await client.getObject(bucket, 'photo'))).toEqual(Buffer.from('one'));
    }
    await server.stop();
    expect(await listens(server.endpoint)).toBe(false);
  });
});

describeWithPostgres('startTestPostgres', () => {
  it('keeps its port and what was committed over a kill and a shutdown, and nothing after stop', async () => {
    const server = endedAfterwards(await startTestPostgres());
    await query(server.url, 'CREATE TABLE photo (name text)');
    await query(server.url, "INSERT INTO photo VALUES ('one')");
    for (const end of ['kill', 'shutDown'] as const) {
      await server[end]();
      expect(await listens(server.url)).toBe(false);
      await server.restart();
      expect(await query(server.url, 'SELECT name FROM photo')).toEqual([{ name: 'one' }]);
    }
    await server.restart();
    expect(await query(server.url, 'SELECT name FROM photo')).toEqual([{ name: 'one' }]);
    await server.stop();
    expect(await listens(server.url)).toBe(false);
  });
});

describeWithServers(['postgres', 'rabbitmq', 'minio'], 'the servers of a test run', () => {
  it.each([
    { signal: 'SIGKILL', during: 'work' },
    { signal: 'SIGKILL', during: 'restarts' },
    { signal: 'SIGINT', during: 'work' },
  ] as const)('are gone, and their data, after $signal during $during', async ({ signal, during }) => {
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-testkit-'));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const run = fork(join(import.meta.dirname, 'fixtures/test-run.mjs'), {
      execArgv: [],
      detached: true, // a process group of its own, as a shell makes one: a Ctrl-C reaches all of it
      env: { ...process.env, TMPDIR: folder, LAZYPHOTOS_TEST_POSTGRES_URL: '' },
    });
    cleanUps.push(async () => run.kill('SIGKILL'));
    const [urls] = (await messageOf(run)) as [string[]];
    for (const url of urls) expect(await listens(url)).toBe(true);
    expect(await readdir(folder)).not.toEqual([]);

    if (during === 'restarts') {
      run.send('restart');
      await messageOf(run);
    }
    process.kill(-Number(run.pid), signal);
    const gone = async () => {
      for (const url of urls) expect(await listens(url)).toBe(false);
      expect(await readdir(folder)).toEqual([]);
      expect(await processesIn(folder)).toEqual([]);
    };
    await eventually(gone);
  });
});

/** Resolves with the arguments of the next message. Rejects when the process ends before it, which no message would tell. */
function messageOf(run: ChildProcess): Promise<unknown[]> {
  const ended = once(run, 'exit').then(([code, signal]) => {
    throw new Error(`the test run ended with ${signal ?? code}`);
  });
  return Promise.race([once(run, 'message'), ended]);
}

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>;

async function withChannel(url: string, work: (channel: Channel) => Promise<unknown>): Promise<void> {
  // An answer of the broker may take longer than a heartbeat on a busy machine.
  const connection = await connect(`${url}?heartbeat=0`);
  // What has ended the connection is also thrown by the call that was under way.
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await work(channel);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
