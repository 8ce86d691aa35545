import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { topology } from '@lazyphotos/contracts';
import { eventually } from '@lazyphotos/testkit';
import { DEFAULT_RETRY_POLICY, TopologyRefusedError } from '../../src/index.js';
import { albumEvent, depthOf, QUICK_RETRY, recorder, TOPOLOGY } from '../conformance/suite.js';
import type { Harness } from './harness.js';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('./declare-child.mjs', import.meta.url));

export function describeTopology({ broker, createBus }: Harness): void {
  describe('the topology', () => {
    test('is declared by several processes at once, and again while it is in use', async () => {
      const task = JSON.stringify({
        url: broker.server.url,
        topology: TOPOLOGY,
        retry: QUICK_RETRY,
        times: 5,
      });
      const declare = () => run(process.execPath, [CHILD, task]);
      await Promise.all([declare(), declare(), createBus()]);
      const bus = await createBus();
      const events = [albumEvent(), albumEvent()];
      await bus.publish(events);
      await Promise.all([declare(), declare()]);
      const { handler, ids } = recorder();
      await bus.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      await eventually(() => expect(ids().sort()).toEqual(events.map(({ id }) => id).sort()));
    });

    test('of the services exists before any consumer: every queue, its dead letters, and one queue a delay', async () => {
      const bus = await broker.createBus({ topology, retry: DEFAULT_RETRY_POLICY });
      const queues = Object.keys(topology);
      const delays = [2, 4, 8, 16, 32, 64, 128, 256, 512];
      const names = [
        ...queues,
        ...queues.map((queue) => `${queue}.dead`),
        ...delays.map((seconds) => `lazyphotos.retry.after-${seconds}s`),
      ];
      await broker.onChannel(async (channel) => {
        for (const name of names) expect(await channel.checkQueue(name)).toMatchObject({ consumerCount: 0 });
      });
      expect((await bus.depths()).map(({ queue }) => queue)).toEqual([...queues, 'lazyphotos.retry']);
      await bus.close();
    });

    test('that exists with other properties is refused by name', async () => {
      await broker.onChannel((channel) => channel.assertQueue('one.albums', { durable: true }));
      const refused = createBus();
      await expect(refused).rejects.toThrow(TopologyRefusedError);
      await expect(refused).rejects.toThrow(/the queue one\.albums: .*PRECONDITION_FAILED/);
    });

    test('is made again when it was removed, and consumers continue', async () => {
      const faults: unknown[] = [];
      const consumer = await createBus({ observer: { fault: (error) => faults.push(error) } });
      const { handler, ids } = recorder();
      await consumer.consume('one.albums', { 'album.deleted': handler }, { concurrency: 1 });
      const publisher = await createBus();
      await broker.onChannel(async (channel) => {
        await channel.deleteQueue('one.albums');
        await channel.deleteQueue('two.albums');
      });
      await eventually(() => expect(faults.map(String)).toContainEqual(expect.stringContaining('cancelled')));
      const event = albumEvent();
      await eventually(() => publisher.publish([event]));
      await eventually(() => expect(ids()).toContain(event.id));
    });

    test('lacks the queues of an event: publishing it is rejected and makes them again', async () => {
      const faults: unknown[] = [];
      const bus = await createBus({ observer: { fault: (error) => faults.push(error) } });
      await broker.onChannel(async (channel) => {
        await channel.deleteQueue('one.albums');
        await channel.deleteQueue('two.albums');
      });
      await expect(bus.publish([albumEvent()])).rejects.toThrow('no queue');
      expect(faults).toHaveLength(0);
      await eventually(() => bus.publish([albumEvent()]));
      expect(await depthOf(bus, 'two.albums')).toMatchObject({ pending: 1 });
      expect(faults.map(String)).toEqual([expect.stringContaining('no queue')]);
    });
  });
}
