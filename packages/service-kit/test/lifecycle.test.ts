import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { recordingLogger } from '@lazyphotos/testkit';
import { StopList } from '../src/index.js';

describe('the stop list', () => {
  test('stops in reverse order, one after the other, and each once', async () => {
    const { logger, lines } = recordingLogger();
    const stops = new StopList(logger);
    const stopped: string[] = [];
    for (const name of ['pool', 'bus', 'http']) {
      stops.add(name, async () => {
        stopped.push(`${name} begins`);
        await nextTurn();
        stopped.push(`${name} ends`);
      });
    }
    await Promise.all([stops.stopAll(), stops.stopAll()]);
    await stops.stopAll();
    expect(stopped).toEqual([
      'http begins',
      'http ends',
      'bus begins',
      'bus ends',
      'pool begins',
      'pool ends',
    ]);
    expect(lines).toEqual([]);
  });

  test('logs the name of a part that could not stop, and stops the others', async () => {
    const { logger, lines } = recordingLogger();
    const stops = new StopList(logger);
    let poolStopped = false;
    stops.add('pool', async () => {
      poolStopped = true;
    });
    stops.add('bus', async () => {
      throw new Error('stuck');
    });
    await stops.stopAll();
    expect(poolStopped).toBe(true);
    expect(lines).toMatchObject([{ level: 'error', fields: { part: 'bus', error: { message: 'stuck' } } }]);
  });
});
