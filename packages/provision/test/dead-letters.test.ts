import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { topology } from '@lazyphotos/contracts';
import { type EventBus, openBus } from '@lazyphotos/messaging';
import { describeWithRabbitMq, eventually, startRabbitMq, type TestRabbitMq } from '@lazyphotos/testkit';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const QUEUE = 'feed.album';

describeWithRabbitMq('dead letters of the services', () => {
  let rabbitMq: TestRabbitMq;
  let bus: EventBus;
  let broken = true;
  const handled: string[] = [];
  const id = randomUUID();

  const command = async (...words: string[]): Promise<string> => {
    const env = { PATH: process.env.PATH, LAZYPHOTOS_BUS_URL: rabbitMq.url };
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'dead-letters', ...words], { env });
    return stdout;
  };

  beforeAll(async () => {
    rabbitMq = await startRabbitMq();
    const retry = { maxAttempts: 1, baseDelaySeconds: 1, maxDelaySeconds: 1 };
    bus = await openBus({ url: rabbitMq.url, topology, retry });
    await bus.consume(
      QUEUE,
      {
        'album.changed': async () => undefined,
        'album.deleted': async ({ id }) => {
          if (broken) throw new Error('the shelf is broken');
          handled.push(id);
        },
      },
      { concurrency: 1 },
    );
    const at = new Date().toISOString();
    const payload = { albumId: randomUUID(), userId: randomUUID(), version: 1, deletedAt: at };
    await bus.publish([{ id, type: 'album.deleted', occurredAt: at, payload }]);
  });
  afterAll(async () => {
    await bus?.close();
    await rabbitMq?.stop();
  });

  test('are listed with their reasons, and delivered again', async () => {
    await eventually(async () => expect(await command()).toContain(`${QUEUE}: 0 waiting, 1 dead`));
    const listed = await command('list');
    expect(listed).toContain('the shelf is broken');
    expect(listed).toContain(id);
    broken = false;
    expect(await command('replay')).toBe(`${QUEUE}: 1 replayed\n`);
    await eventually(() => expect(handled).toEqual([id]));
    expect(await command()).toContain(`${QUEUE}: 0 waiting, 0 dead`);
  });
});
