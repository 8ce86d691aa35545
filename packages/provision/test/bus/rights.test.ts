import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AnyEvent,
  BUS_USERS,
  type BusUser,
  type EventType,
  publishers,
  topology,
} from '@lazyphotos/contracts';
import { openBus } from '@lazyphotos/messaging';
import { describeWithRabbitMq, eventually, startRabbitMq, type TestRabbitMq } from '@lazyphotos/testkit';
import { type Channel, connect } from 'amqplib';
import { provisionBus, readBusUserSettings } from '../../src/index.js';
import { createLog } from '../log.js';

const types = Object.keys(publishers) as EventType[];
const queues = Object.keys(topology);
const ownedBy = (service: BusUser) => types.filter((type) => publishers[type] === service);
const queuesOf = (service: BusUser) => queues.filter((queue) => queue.startsWith(`${service}.`));

/** With the second delay queue of the policy that provisioning declares. */
const RETRY = { maxAttempts: 2, baseDelaySeconds: 2, maxDelaySeconds: 2 };

const eventOf = (type: EventType): AnyEvent =>
  ({ id: randomUUID(), type, occurredAt: new Date().toISOString(), payload: {} }) as unknown as AnyEvent;

describeWithRabbitMq("a service's user of the bus", () => {
  let rabbitMq: TestRabbitMq;
  let urls: Record<BusUser, string>;
  const log = createLog();

  const urlOf = (service: BusUser, password = `secret of ${service}`) => {
    const url = new URL(rabbitMq.url);
    url.username = `lazyphotos_${service}`;
    url.password = encodeURIComponent(password);
    return url.href;
  };
  const run = (given: Partial<Parameters<typeof provisionBus>[0]> = {}) =>
    provisionBus({ adminUrl: rabbitMq.url, apiUrl: rabbitMq.apiUrl, urls, logger: log, ...given });

  beforeAll(async () => {
    rabbitMq = await startRabbitMq();
    urls = Object.fromEntries(BUS_USERS.map((name) => [name, urlOf(name)])) as Record<BusUser, string>;
    await run();
  });
  afterAll(() => rabbitMq?.stop());

  /** Resolves to the reply code with which RabbitMQ refuses what is done on a channel, or undefined. */
  async function codeOf(url: string, act: (channel: Channel) => unknown): Promise<number | undefined> {
    const connection = await connect(url);
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    const closed = new Promise<number>((resolve) =>
      channel.once('error', (error: { code: number }) => resolve(error.code)),
    );
    try {
      await act(channel);
      // A channel does one thing after the other, so a refused publication comes before this.
      return await Promise.race([channel.checkExchange('lazyphotos.events').then(() => undefined), closed]);
    } catch (error) {
      return (error as { code?: number }).code ?? (await closed);
    } finally {
      await connection.close().catch(() => undefined);
    }
  }
  const publish =
    (exchange: string, key: string, headers = {}) =>
    (channel: Channel) =>
      channel.publish(exchange, key, Buffer.from('{}'), { headers });

  test('is made with its queues, without a secret in the log', () => {
    expect(log.lines.map(({ message, fields }) => [message, fields.for ?? fields.queues])).toEqual([
      ...BUS_USERS.map((name) => ['bus user ready', name]),
      ['queues ready', queues.length],
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('secret of');
  });

  test.each(BUS_USERS)('lets %s do all that it does: publish, consume, retry, put aside', async (service) => {
    const outcomes: string[] = [];
    const bus = await openBus({
      url: urls[service],
      topology,
      retry: RETRY,
      declares: false,
      observer: { settled: (queue, _type, outcome) => outcomes.push(`${queue} ${outcome}`) },
    });
    await bus.ready();
    expect((await bus.depths()).map(({ queue }) => queue)).toEqual([...queues, 'lazyphotos.retry']);
    await bus.publish(ownedBy(service).map(eventOf));
    const admin = await openBus({ url: rabbitMq.url, topology });
    // What it consumes, others publish. No event is valid, so each is retried, and becomes a dead letter.
    await admin.publish(
      queuesOf(service).flatMap((queue) => topology[queue as keyof typeof topology].map(eventOf)),
    );
    for (const queue of queuesOf(service)) {
      const handlers = topology[queue as keyof typeof topology].map((type) => [type, async () => undefined]);
      await bus.consume(queue as never, Object.fromEntries(handlers) as never, { concurrency: 1 });
    }
    for (const queue of queuesOf(service)) {
      await eventually(() => expect(outcomes).toContain(`${queue} dead_lettered`));
      expect(outcomes).toContain(`${queue} retried`);
      expect(await admin.replayDeadLetters(queue)).toBeGreaterThan(0);
    }
    await bus.close();
    await admin.close();
  });

  describe.each(BUS_USERS)('lets %s do nothing else', (service) => {
    test('not publish an event that another service owns', async () => {
      for (const type of types.filter((one) => publishers[one] !== service))
        expect([type, await codeOf(urls[service], publish('lazyphotos.events', type))]).toEqual([type, 403]);
    });

    test('not read a queue of another service, nor any dead letters', async () => {
      const foreign = queues.filter((queue) => !queuesOf(service).includes(queue));
      for (const queue of [...foreign, ...queues.map((one) => `${one}.dead`), 'lazyphotos.retry.after-2s'])
        expect([queue, await codeOf(urls[service], (channel) => channel.get(queue))]).toEqual([queue, 403]);
    });

    test('not bring an event into a queue on another way', async () => {
      const [foreign = ''] = queues.filter((queue) => !queuesOf(service).includes(queue));
      const ways: [string, string][] = [
        ['', foreign],
        ['', queuesOf(service)[0] ?? ''],
        ['lazyphotos.returns', `now.${foreign}`],
        ['lazyphotos.returns', `2s.${foreign}`],
        ['lazyphotos.returns', `dead.${foreign}`],
        ['lazyphotos.returns', `2s.${queuesOf(service)[0]}.${foreign}`],
        ['lazyphotos.due', `2s.${foreign}`],
        ['amq.topic', foreign],
      ];
      for (const [exchange, key] of ways)
        expect([exchange, key, await codeOf(urls[service], publish(exchange, key))]).toEqual([
          exchange,
          key,
          403,
        ]);
    });

    test('not make, bind, empty or remove anything', async () => {
      const [own = ''] = queuesOf(service);
      const acts: ((channel: Channel) => unknown)[] = [
        (channel) => channel.assertQueue('mine'),
        (channel) => channel.assertQueue('', { exclusive: true }),
        (channel) => channel.assertExchange('mine', 'topic'),
        (channel) => channel.bindQueue(own, 'lazyphotos.events', 'photo.purged'),
        (channel) => channel.bindExchange('amq.topic', 'lazyphotos.events', '#'),
        (channel) => channel.unbindQueue(own, 'lazyphotos.due', `*.${own}`),
        (channel) => channel.deleteQueue(own),
        (channel) => channel.purgeQueue(queues.find((queue) => !queuesOf(service).includes(queue)) ?? ''),
        (channel) => channel.deleteExchange('lazyphotos.events'),
      ];
      for (const [index, act] of acts.entries())
        expect([index, await codeOf(urls[service], act)]).toEqual([index, 403]);
    });
  });

  test('a queue that is not provisioned is named, and nobody makes it', async () => {
    const wrong = { ...topology, 'feed.unknown': ['photo.changed'] } as const;
    await expect(openBus({ url: urls.feed, topology: wrong, declares: false })).rejects.toThrow(
      /the queue feed\.unknown: .*NOT_FOUND/,
    );
  });

  test('gets a changed password and loses rights that were given by hand when it is provisioned again', async () => {
    const changed = { ...urls, feed: urlOf('feed', 'another secret') };
    const auth = `Basic ${Buffer.from(`${new URL(rabbitMq.url).username}:${new URL(rabbitMq.url).password}`).toString('base64')}`;
    const all = { configure: '.*', write: '.*', read: '.*' };
    await fetch(`${rabbitMq.apiUrl}/api/permissions/%2F/lazyphotos_feed`, {
      method: 'PUT',
      headers: { authorization: auth, 'content-type': 'application/json' },
      body: JSON.stringify(all),
    });
    expect(await codeOf(urls.feed, (channel) => channel.get('upload.photo'))).toBeUndefined();
    await run({ urls: changed });
    await expect(connect(urls.feed)).rejects.toThrow(/ACCESS.REFUSED/);
    expect(await codeOf(changed.feed, (channel) => channel.get('upload.photo'))).toBe(403);
    await run();
  });

  test('is not made with a wrong password of the administrator: it fails at once, without the password', async () => {
    const wrong = Object.assign(new URL(rabbitMq.url), { password: 'hush-hush' }).href;
    const error = await run({ adminUrl: wrong }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ProvisionError', message: expect.stringContaining('status 401') });
    expect(String(error)).not.toContain('hush-hush');
  });
});

describe('the settings of the bus', () => {
  const env = (more: Record<string, string> = {}) => ({
    LAZYPHOTOS_ADMIN_BUS_URL: 'amqp://admin:admin@rabbitmq',
    ...Object.fromEntries(
      BUS_USERS.map((name) => {
        const snake = name.replace('-', '_');
        return [`LAZYPHOTOS_${snake.toUpperCase()}_BUS_URL`, `amqp://${snake}:secret@rabbitmq`];
      }),
    ),
    ...more,
  });

  test('have the HTTP API beside the broker', () => {
    expect(readBusUserSettings(env()).apiUrl).toBe('http://rabbitmq:15672');
    const secure = { LAZYPHOTOS_ADMIN_BUS_URL: 'amqps://admin:admin@rabbitmq:5671' };
    expect(readBusUserSettings(env(secure)).apiUrl).toBe('https://rabbitmq:15671');
  });

  test('want a user of its own for each service', () => {
    const same = { LAZYPHOTOS_FEED_BUS_URL: 'amqp://admin:admin@rabbitmq' };
    expect(() => readBusUserSettings(env(same))).toThrow(
      'LAZYPHOTOS_FEED_BUS_URL and LAZYPHOTOS_ADMIN_BUS_URL must have different users',
    );
    const none = { LAZYPHOTOS_FEED_BUS_URL: 'amqp://rabbitmq' };
    expect(() => readBusUserSettings(env(none))).toThrow('must have a user and a password');
  });
});
